#pragma once

#include "core/error.hpp"
#include "decode/json_tape.hpp"

#include <string>

namespace understudy::debezium {

// Geometric values as Debezium writes them, to the text that Postgres prints. Each appends to `out`, which may hold a
// part after an error. Errors: bad_text.

error_code append_point(json_node value, std::string& out);
error_code append_line(json_node value, std::string& out);
error_code append_circle(json_node value, std::string& out);
error_code append_segment(json_node value, std::string& out);
error_code append_box(json_node value, std::string& out);
error_code append_path(json_node value, std::string& out);
error_code append_polygon(json_node value, std::string& out);

}  // namespace understudy::debezium
