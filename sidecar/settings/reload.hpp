#pragma once

#include "settings/keys.hpp"
#include "settings/load.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

struct changed_key {
    std::string_view key;  ///< Dotted. Lives as long as the program.
    reload_effect effect;
    std::string before;  ///< As shown_text gives it; secrets are masked.
    std::string after;
    friend bool operator==(const changed_key&, const changed_key&) = default;
};

/// The keys whose values differ, in the order of the schema. Also sees a password that changed.
std::vector<changed_key> compare(const settings& before, const settings& after);

/// `running` with the live keys of `wanted`: what a reload puts into effect.
settings with_live_changes(settings running, const settings& wanted);

/// The same with where each value comes from.
loaded_settings with_live_changes(loaded_settings running, const loaded_settings& wanted);

}  // namespace understudy
