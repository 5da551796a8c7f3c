#pragma once

#include "settings/load.hpp"

#include <string>
#include <string_view>

namespace understudy {

/// The lines of the smallest configuration; `tables` is line 1, what is appended starts on line 5.
inline const std::string minimal_lines = "tables: [public.materials, public.suppliers]\n"
                                         "state: {directory: /s}\n"
                                         "snapshot: {directory: /p}\n"
                                         "source: {postgres: {connection: host=db}}\n";

inline std::string with_line(std::string_view line)
{
    return minimal_lines + std::string{line} + "\n";
}

/// All messages of a configuration that should not load, one a line, without the file's name (`c.yaml`).
inline std::string complaints(std::string_view text, const environment& variables = {})
{
    auto loaded = load_text(text, "c.yaml", variables);
    if (loaded) return "loaded";
    return to_string(loaded.error());
}

/// The values of a configuration that should load; throws with the messages otherwise.
inline settings values_of(std::string_view text, const environment& variables = {})
{
    return load_text(text, "c.yaml", variables).value().values;
}

}  // namespace understudy
