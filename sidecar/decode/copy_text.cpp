#include "decode/copy_text.hpp"

// line   := field ('\t' field)* ['\n']
// field  := '\N' | (byte | escape)*
// escape := '\' ('b' | 'f' | 'n' | 'r' | 't' | 'v' | '\')
//
// COPY FROM reads more escapes, but these are all that COPY TO writes: another one is damage.

namespace understudy::copy_text {

namespace {

/// The byte that `\letter` stands for, or '\0' when COPY TO writes no such escape.
char unescaped(char letter) noexcept
{
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    default: return '\0';
    }
}

/// Appends `text` with its escapes undone. `scratch` has room, so that what it lent out stays where it is.
error_code append_unescaped(std::string_view text, std::string& scratch)
{
    for (auto escape = text.find('\\'); escape != text.npos; escape = text.find('\\')) {
        scratch.append(text.substr(0, escape));
        char byte = escape + 1 < text.size() ? unescaped(text[escape + 1]) : '\0';
        if (byte == '\0') return errc::bad_text;
        scratch.push_back(byte);
        text.remove_prefix(escape + 2);
    }
    scratch.append(text);
    return {};
}

error_code append_escaped(std::string_view text, std::string& scratch, std::vector<field>& into)
{
    if (text == "\\N") {
        into.push_back({.is_null = true, .text = {}});
        return {};
    }
    if (text.find('\\') == text.npos) {
        into.push_back({.is_null = false, .text = text});
        return {};
    }
    auto start = scratch.size();
    if (auto ec = append_unescaped(text, scratch)) return ec;
    into.push_back({.is_null = false, .text = std::string_view{scratch}.substr(start)});
    return {};
}

}  // namespace

error_code split_line(std::string_view line, std::size_t columns, std::string& scratch, std::vector<field>& into)
{
    into.clear();
    scratch.clear();
    scratch.reserve(line.size());  // undoing an escape never makes a field longer
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (columns == 0) return line.empty() ? error_code{} : errc::column_mismatch;
    // Most lines have neither a null nor an escape, and are looked through for one once.
    bool plain = line.find('\\') == line.npos;
    auto append = [&](std::string_view text) -> error_code {
        if (!plain) return append_escaped(text, scratch, into);
        into.push_back({.is_null = false, .text = text});
        return {};
    };
    for (auto tab = line.find('\t'); tab != line.npos && into.size() < columns; tab = line.find('\t')) {
        if (auto ec = append(line.substr(0, tab))) return ec;
        line.remove_prefix(tab + 1);
    }
    if (into.size() + 1 != columns) return errc::column_mismatch;
    return append(line);
}

}  // namespace understudy::copy_text
