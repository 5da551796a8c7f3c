#pragma once

#include "settings/keys.hpp"

#include <string_view>
#include <vector>

namespace understudy {

struct changed_key {
    std::string_view key;  ///< Dotted. Lives as long as the program.
    reload_effect effect;
    friend bool operator==(const changed_key&, const changed_key&) = default;
};

/// The keys whose values differ, in the order of the schema. Also sees a password that changed.
std::vector<changed_key> compare(const settings& before, const settings& after);

/// `running` with the live keys of `wanted`: what a reload puts into effect.
settings with_live_changes(settings running, const settings& wanted);

}  // namespace understudy
