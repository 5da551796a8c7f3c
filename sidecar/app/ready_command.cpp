#include "app/commands.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "publish/generation_check.hpp"
#include "publish/status_file.hpp"
#include "settings/units.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace understudy {

namespace {

namespace json = boost::json;

/// How old the announced generation is. Nothing while that was not proved of it, or of one before it.
std::optional<std::chrono::milliseconds> age_of(const manifest& current, const outcome<status_report>& report)
{
    if (!report || !report->current_as_of) return std::nullopt;
    if (report->generation > current.generation || report->position > current.position) return std::nullopt;
    std::chrono::milliseconds offset{report->clock_offset_ms.value_or(0)};
    auto age =
        std::chrono::system_clock::now() + offset - std::chrono::system_clock::time_point{*report->current_as_of};
    return std::max(std::chrono::milliseconds{0}, std::chrono::duration_cast<std::chrono::milliseconds>(age));
}

std::string describe(const outcome<manifest>& current, const std::optional<std::chrono::milliseconds>& age)
{
    if (!current) return current.error().text;
    if (!age) return fmt::format("generation {}, of unknown age", current->generation);
    return fmt::format("generation {}, current as of {:.1f} s ago", current->generation,
                       std::chrono::duration<double>(*age).count());
}

}  // namespace

int ready_command(const command_options& options)
{
    auto bound = options.max_age.empty() ? result<std::chrono::milliseconds>{std::chrono::milliseconds::max()}
                                         : parse_duration(options.max_age);
    if (!bound) {
        std::cerr << "understudy: --max-age: expected a duration such as 30s or 5m\n";
        return 2;
    }
    auto config = load_for_command(options, secrets::unneeded);
    if (!config) return 2;
    const auto& directory = config->values.snapshot.directory;
    auto report = read_status(directory);  // before the generation, so that it is not of a later one
    auto current = load_current(directory);
    auto age = current ? age_of(*current, report) : std::nullopt;
    bool ready = current && (options.max_age.empty() || (age && *age <= *bound));
    if (options.json)
        write_json(std::cout,
                   {{"ready", ready},
                    {"generation", current ? json::value(current->generation) : json::value{}},
                    {"age_seconds", age ? json::value(static_cast<double>(age->count()) / 1000) : json::value{}},
                    {"text", describe(current, age)}});
    else
        std::cout << (ready ? "ready: " : "not ready: ") << describe(current, age) << '\n';
    return finish_output(ready ? 0 : 1);
}

}  // namespace understudy
