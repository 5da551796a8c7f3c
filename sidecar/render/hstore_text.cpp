#include "render/container_text.hpp"
#include "render/json_text.hpp"
#include "render/text_cursor.hpp"

// hstore := [pair (', ' pair)*]
// pair   := '"' quoted '"' '=>' ('"' quoted '"' | 'NULL')
//
// https://www.postgresql.org/docs/current/hstore.html

namespace understudy {

namespace {

error_code append_string(text_cursor& in, std::string& scratch, std::string& out)
{
    auto text = in.take_quoted(quoting::backslash, scratch);
    return text ? append_checked_string(*text, out) : errc::bad_text;
}

error_code append_pair(text_cursor& in, std::string& scratch, std::string& out)
{
    if (auto ec = append_string(in, scratch, out)) return ec;
    if (!in.take("=>")) return errc::bad_text;
    out.append(": ");
    if (!in.take("NULL")) return append_string(in, scratch, out);
    out.append("null");
    return {};
}

}  // namespace

error_code append_hstore(std::string_view text, std::string& out)
{
    text_cursor in{text};
    std::string scratch;
    out.push_back('{');
    while (!in.at_end()) {
        if (auto ec = append_pair(in, scratch, out)) return ec;
        if (in.at_end()) break;
        if (!in.take(", ") || in.at_end()) return errc::bad_text;
        out.append(", ");
    }
    out.push_back('}');
    return {};
}

}  // namespace understudy
