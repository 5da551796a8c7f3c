#pragma once

#include "render/type_table.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

struct format_node;
using format_node_ptr = std::shared_ptr<const format_node>;

/// One attribute of a composite.
struct format_member {
    std::string label;  ///< Its name as JSON with the colon: `"name":`.
    format_node_ptr format;
};

/// A compiled type. Types inside it are shared: a composite may use one type many times.
struct format_node {
    json_form json = json_form::quoted;
    key_form key = key_form::text;
    char delimiter = ',';                ///< Of an array.
    format_node_ptr element;             ///< Of an array or vector.
    std::vector<format_member> members;  ///< Of a record.
    std::size_t height = 1;              ///< Levels of nodes from here down.
};

/// Appends the JSON of a value that is not null. Errors: bad_text.
error_code append_json(const format_node& node, std::string_view text, std::string& out);

}  // namespace understudy
