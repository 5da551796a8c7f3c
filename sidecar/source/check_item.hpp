#pragma once

#include "core/error.hpp"

#include <string>

namespace understudy {

enum class verdict { passed, warning, failed };

/// One prerequisite, as `check` shows it.
struct check_item {
    std::string name;  ///< Stable, lower case: `wal_level`, `table public.materials`.
    verdict result = verdict::passed;
    std::string text;                          ///< What was found.
    std::string remedy;                        ///< What to type or change; empty when it passed.
    errc reason = errc::prerequisite_missing;  ///< Of a failed one.
};

}  // namespace understudy
