#pragma once

#include <string>
#include <string_view>
#include <vector>

// As much of Markdown as our own pages use: headings, tables, fenced blocks, `code`.
namespace understudy::testing {

/// The text between a heading (`## Settings`) and the next one of its level or above; empty if there is none.
std::string section_of(std::string_view page, std::string_view heading);

/// The cells of every table row of a text, but not of the heads.
std::vector<std::vector<std::string>> table_rows(std::string_view text);

/// What stands `between backquotes`, in order. Fenced blocks do not count.
std::vector<std::string> code_spans(std::string_view text);

/// The contents of the fenced blocks of a language, in order.
std::vector<std::string> fenced_blocks(std::string_view text, std::string_view language);

}  // namespace understudy::testing
