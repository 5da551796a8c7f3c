#include "publish/json_members.hpp"

#include <algorithm>

namespace understudy {

namespace {

constexpr std::string_view space = " \t\n\r";

/// The length of the string at the front, with its quotes; zero if it does not end.
std::size_t string_size(std::string_view text) noexcept
{
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (text[at] == '\\') ++at;
    }
    return 0;
}

}  // namespace

void json_member_reader::skip_space() noexcept
{
    rest_.remove_prefix(std::min(rest_.find_first_not_of(space), rest_.size()));
}

bool json_member_reader::take(char byte) noexcept
{
    skip_space();
    if (!rest_.starts_with(byte)) return false;
    rest_.remove_prefix(1);
    return true;
}

std::nullopt_t json_member_reader::fail() noexcept
{
    rest_ = {};
    ok_ = false;
    return std::nullopt;
}

/// Empty if there is none.
std::string_view json_member_reader::take_string() noexcept
{
    skip_space();
    auto size = rest_.starts_with('"') ? string_size(rest_) : 0;
    auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
}

/// Up to the comma or brace that ends it. Empty if nothing does.
std::string_view json_member_reader::take_value() noexcept
{
    skip_space();
    std::size_t depth = 0;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
        char byte = rest_[at];
        if (byte == '"') {
            auto size = string_size(rest_.substr(at));
            if (size == 0) return {};
            at += size - 1;
        } else if (byte == '{' || byte == '[') {
            ++depth;
        } else if (depth == 0 && (byte == ',' || byte == '}')) {
            auto taken = rest_.substr(0, at);
            rest_.remove_prefix(at);
            return taken.substr(0, taken.find_last_not_of(space) + 1);
        } else if (byte == '}' || byte == ']') {
            if (depth-- == 0) return {};
        }
    }
    return {};
}

std::optional<json_member> json_member_reader::next() noexcept
{
    bool first = !begun_;
    begun_ = true;
    if (first && !take('{')) return fail();
    if (take('}')) {
        skip_space();
        return rest_.empty() ? std::nullopt : fail();
    }
    if (!ok_ || rest_.empty()) return first ? fail() : std::nullopt;
    if (!first && !take(',')) return fail();
    json_member member;
    member.name = take_string();
    if (member.name.empty() || !take(':')) return fail();
    member.value = take_value();
    if (member.value.empty()) return fail();
    return member;
}

}  // namespace understudy
