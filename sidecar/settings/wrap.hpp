#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace understudy {

/// A document's `wrap` in pieces: texts.size() is members.size() + 1.
struct wrap_pieces {
    std::vector<std::string> texts;    ///< JSON in front of each member's rows, and behind the last.
    std::vector<std::string> members;  ///< The `$member`s in the order in which they stand.
};

/// Takes a template apart. A text `$name` stands for the rows of the member `name`; one that begins with `$$` for itself
/// with one `$`. Names of members are never templates.
wrap_pieces split_wrap(const boost::json::value& wrap);

}  // namespace understudy
