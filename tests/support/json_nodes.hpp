#pragma once

#include "decode/json_tape.hpp"

namespace understudy::testing {

/// Whether two values are the same, with all that is inside of them; their own names may differ.
inline bool is_same_value(json_node one, json_node other)
{
    if (!one || !other) return !one == !other;
    if (one.kind() != other.kind() || one.text() != other.text() || one.size() != other.size()) return false;
    if (!one.is(json_kind::array) && !one.is(json_kind::object)) return true;
    auto second = other.begin();
    for (auto inside : one) {
        if (second == other.end() || inside.name() != (*second).name() || !is_same_value(inside, *second)) return false;
        ++second;
    }
    return second == other.end();
}

}  // namespace understudy::testing
