#include "source/kafka/value_containers.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace understudy::debezium {

namespace {

void append_quoted(std::string_view text, std::string& out)
{
    out.push_back('"');
    for (char byte : text) {
        if (byte == '"' || byte == '\\') out.push_back('\\');
        out.push_back(byte);
    }
    out.push_back('"');
}

bool is_null_word(std::string_view text) noexcept
{
    constexpr std::string_view word = "null";
    return std::ranges::equal(text, word, {}, [](char byte) { return static_cast<char>(byte | 0x20); });
}

/// In the order of hstore's own storage (hstoreUniquePairs).
bool comes_before(json_node left, json_node right) noexcept
{
    auto a = left.name();
    auto b = right.name();
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

void append_element(std::string_view text, char delimiter, std::string& out)
{
    const std::array<char, 11> special{'"', '\\', '{', '}', ' ', '\t', '\n', '\r', '\v', '\f', delimiter};
    bool is_plain = !text.empty() && !is_null_word(text) &&
                    text.find_first_of(std::string_view{special.data(), special.size()}) == text.npos;
    if (is_plain)
        out.append(text);
    else
        append_quoted(text, out);
}

error_code append_hstore(json_node object, std::string& out)
{
    std::vector<json_node> pairs;
    for (auto pair : object) pairs.push_back(pair);
    std::ranges::sort(pairs, comes_before);
    for (std::size_t at = 0; at < pairs.size(); ++at) {
        auto pair = pairs[at];
        if (at != 0 && pair.name() == pairs[at - 1].name()) return errc::bad_text;
        if (at != 0) out.append(", ");
        append_quoted(pair.name(), out);
        out.append("=>");
        if (pair.is(json_kind::string))
            append_quoted(pair.text(), out);
        else if (pair.is(json_kind::null))
            out.append("NULL");
        else
            return errc::bad_text;
    }
    return {};
}

}  // namespace understudy::debezium
