#pragma once

#include <string>
#include <string_view>

namespace understudy::testing {

/// The text of a JSON value without white space between its tokens: equal for texts that differ in their layout only.
inline std::string compact(std::string_view json)
{
    std::string out;
    bool inside = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        if (json[at] == '"') inside = !inside;
        if (inside && json[at] == '\\') out += json[at++];
        bool is_space = json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t';
        if (inside || !is_space) out += json[at];
    }
    return out;
}

}  // namespace understudy::testing
