#pragma once

#include "render/format_node.hpp"

namespace understudy {

// Types that hold other values. Each appends the JSON that to_json gives; errors: bad_text.

error_code append_array(const format_node& node, std::string_view text, std::string& out);
error_code append_vector(const format_node& node, std::string_view text, std::string& out);
error_code append_record(const format_node& node, std::string_view text, std::string& out);
error_code append_hstore(std::string_view text, std::string& out);

}  // namespace understudy
