#include "render/container_text.hpp"
#include "render/text_cursor.hpp"

#include <array>

// array     := [bounds '='] dimension
// bounds    := ('[' integer ':' integer ']')+        only where a lower bound is not 1; to_json drops them
// dimension := '{' [item (delimiter item)*] '}'
// item      := dimension | 'NULL' | '"' quoted '"' | plain
// vector    := [plain (' ' plain)*]
//
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO

namespace understudy {

namespace {

constexpr int dimensions_max = 6;  // Postgres's MAXDIM

class array_renderer {
public:
    array_renderer(const format_node& node, std::string_view text, std::string& out) noexcept
        : element_{*node.element}, stops_{node.delimiter, '}'}, in_{text}, out_{out}
    {
    }

    error_code render()
    {
        if (!skip_bounds()) return errc::bad_text;
        if (auto ec = dimension(1)) return ec;
        return in_.at_end() ? error_code{} : errc::bad_text;
    }

private:
    bool skip_bounds() noexcept
    {
        if (!in_.starts_with('[')) return true;
        auto bounds = in_.take_until("=");
        return bounds.find_first_not_of("[]:-0123456789") == bounds.npos && in_.take('=');
    }

    error_code dimension(int depth)
    {
        if (depth > dimensions_max || !in_.take('{')) return errc::bad_text;
        if (depth == 1 && in_.take('}')) {
            out_.append("[]");
            return {};
        }
        char before = '[';
        do {
            out_.push_back(before);
            if (auto ec = in_.starts_with('{') ? dimension(depth + 1) : element()) return ec;
            before = ',';
        } while (in_.take(stops_[0]));
        out_.push_back(']');
        return in_.take('}') ? error_code{} : errc::bad_text;
    }

    error_code element()
    {
        if (!in_.starts_with('"')) return plain_element(in_.take_until({stops_.data(), stops_.size()}));
        auto text = in_.take_quoted(quoting::backslash, scratch_);
        return text ? append_json(element_, *text, out_) : errc::bad_text;
    }

    error_code plain_element(std::string_view text)
    {
        if (text == "NULL") {
            out_.append("null");
            return {};
        }
        if (text.empty() || text.find_first_of("\"\\{") != text.npos) return errc::bad_text;
        return append_json(element_, text, out_);
    }

    const format_node& element_;
    std::array<char, 2> stops_;  // the delimiter, and the end of a dimension
    text_cursor in_;
    std::string& out_;
    std::string scratch_;
};

}  // namespace

error_code append_array(const format_node& node, std::string_view text, std::string& out)
{
    return array_renderer{node, text, out}.render();
}

error_code append_vector(const format_node& node, std::string_view text, std::string& out)
{
    text_cursor in{text};
    out.push_back('[');
    while (!in.at_end()) {
        if (auto ec = append_json(*node.element, in.take_until(" "), out)) return ec;
        if (!in.take(' ')) break;
        if (in.at_end()) return errc::bad_text;
        out.push_back(',');
    }
    out.push_back(']');
    return {};
}

}  // namespace understudy
