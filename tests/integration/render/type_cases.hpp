#pragma once

#include <string>
#include <vector>

namespace understudy {

enum class key_order {
    value,  ///< Keys sort as the type does, strings as under COLLATE "C".
    text,   ///< Keys sort as the type's text does.
};

/// A type and values of it that are hard to print.
struct type_case {
    std::string type;
    std::vector<std::string> values;  ///< As Postgres reads them; what begins with ROW( is an expression.
    key_order order = key_order::text;
    std::string collation = {};  ///< Behind ORDER BY v.
};

/// Types that the cases use, besides Postgres's own.
extern const char* const type_definitions;

const std::vector<type_case>& type_cases();

/// Built-in types that accept no value from a user.
bool refuses_input(std::string_view type);

}  // namespace understudy
