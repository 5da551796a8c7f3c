#include "render/container_text.hpp"
#include "render/text_cursor.hpp"

// record := '(' field (',' field)* ')' | '()'
// field  := empty (a null) | '"' quoted '"' | plain
//
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX

namespace understudy {

namespace {

error_code append_plain_field(const format_node& format, std::string_view text, std::string& out)
{
    if (text.empty()) {
        out.append("null");
        return {};
    }
    if (text.find_first_of("\"\\(") != text.npos) return errc::bad_text;
    return append_json(format, text, out);
}

error_code append_field(const format_node& format, text_cursor& in, std::string& scratch, std::string& out)
{
    if (!in.starts_with('"')) return append_plain_field(format, in.take_until(",)"), out);
    auto text = in.take_quoted(quoting::doubled, scratch);
    return text ? append_json(format, *text, out) : errc::bad_text;
}

}  // namespace

error_code append_record(const format_node& node, std::string_view text, std::string& out)
{
    text_cursor in{text};
    std::string scratch;
    if (!in.take('(')) return errc::bad_text;
    out.push_back('{');
    for (const auto& member : node.members) {
        if (&member != &node.members.front()) {
            if (!in.take(',')) return errc::bad_text;
            out.push_back(',');
        }
        out.append(member.label);
        if (auto ec = append_field(*member.format, in, scratch, out)) return ec;
    }
    out.push_back('}');
    return in.take(')') && in.at_end() ? error_code{} : errc::bad_text;
}

}  // namespace understudy
