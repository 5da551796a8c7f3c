#pragma once

#include <boost/json.hpp>

#include <string_view>

namespace understudy::testing {

/// JSON in which every number, and every text that is one, is a text in one canonical form. So two values are equal
/// exactly when they are equal to the last digit, whether a reader shows a number as such or as a text.
/// Throws boost::system::system_error for what is no JSON.
boost::json::value exact_json(std::string_view text);

}  // namespace understudy::testing
