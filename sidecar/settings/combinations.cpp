#include "settings/combinations.hpp"

#include "settings/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

/// True when `inner` is `outer` or lies in it. Both are normal and have no trailing slash.
bool contains(const std::filesystem::path& outer, const std::filesystem::path& inner)
{
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

void check_cadence(const cadence_settings& cadence, const config_tree& tree, config_errors& errors)
{
    if (cadence.every && *cadence.every < cadence.min_interval)
        errors.push_back(tree.error_at("cadence.every", fmt::format("shorter than cadence.min_interval ({})",
                                                                    format_duration(cadence.min_interval))));
    if (cadence.every && cadence.after_quiet && *cadence.after_quiet >= *cadence.every)
        errors.push_back(tree.error_at(
            "cadence.after_quiet",
            fmt::format("never due: cadence.every ({}) always comes first", format_duration(*cadence.every))));
}

void check_directories(const settings& values, const config_tree& tree, config_errors& errors)
{
    const auto& state = values.state_directory;
    const auto& snapshot = values.snapshot.directory;
    if (state == snapshot)
        errors.push_back(tree.error_at("snapshot.directory", "the same as state.directory; they have to differ"));
    else if (contains(state, snapshot))
        errors.push_back(tree.error_at("snapshot.directory", "lies in state.directory; keep them apart"));
    else if (contains(snapshot, state))
        errors.push_back(tree.error_at("state.directory", "lies in snapshot.directory; keep them apart"));
}

}  // namespace understudy
