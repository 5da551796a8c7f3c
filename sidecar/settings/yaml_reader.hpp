#pragma once

#include "settings/config_tree.hpp"

#include <filesystem>
#include <string_view>

namespace understudy {

/// Reads one YAML file into a tree. Plain scalars are typed as in YAML's core schema, except that a number with
/// a leading zero stays text: it is a file mode, and nobody should have to know what a parser makes of it.
///
/// Duplicate names, more than one document and what no configuration needs (non-text names, huge or cyclic
/// input, control characters) are added to `errors`. When the file cannot be read at all the tree is empty.
config_tree read_yaml_file(const std::filesystem::path& file, config_errors& errors);

/// The same for text that is already here; `name` stands in messages.
config_tree read_yaml_text(std::string_view text, std::string_view name, config_errors& errors);

/// The value that a plain scalar means: null, a truth value, a number or text.
boost::json::value plain_scalar(std::string_view text);

/// True when the text holds nothing that could not be typed in an editor.
bool is_printable_text(std::string_view text) noexcept;

}  // namespace understudy
