#pragma once

#include <string_view>
#include <vector>

namespace understudy {

/// One column's value of a row on the wire. Borrowed from the message.
struct tuple_column {
    enum class kind : char { null = 'n', unchanged = 'u', text = 't' };
    kind what = kind::null;
    std::string_view text;  ///< As Postgres prints it.
};

using tuple = std::vector<tuple_column>;

}  // namespace understudy
