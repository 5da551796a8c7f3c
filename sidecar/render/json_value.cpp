#include "render/json_value.hpp"

#include "render/json_text.hpp"

#include <algorithm>

namespace understudy {

namespace {

constexpr bool is_hex(char byte) noexcept
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

constexpr bool is_space(char byte) noexcept
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/// Checks one JSON text without recursion: its depth costs a byte a level, never stack.
class json_checker {
public:
    explicit json_checker(std::string_view text) noexcept : rest_{text} {}

    /// Each turn takes one value, or opens one and stays in the loop for what is inside.
    bool check()
    {
        for (;;) {
            skip_space();
            if (!begin_value()) return false;
            if (expects_value_) continue;
            if (!end_values()) return false;
            if (open_.empty()) return rest_.empty();
        }
    }

private:
    char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

    bool take(char expected) noexcept
    {
        if (peek() != expected || rest_.empty()) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool take_word(std::string_view word) noexcept
    {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    void skip_space() noexcept
    {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }

    /// Takes a scalar or an empty container whole; of another container only its start, up to its first value.
    bool begin_value()
    {
        expects_value_ = false;
        switch (peek()) {
        case '{': return open_container('{', '}') && (!expects_value_ || take_name());
        case '[': return open_container('[', ']');
        case '"': return take_string();
        case 't': return take_word("true");
        case 'f': return take_word("false");
        case 'n': return take_word("null");
        default: return take_number();
        }
    }

    bool open_container(char opening, char closing)
    {
        take(opening);
        skip_space();
        if (take(closing)) return true;
        open_.push_back(closing);
        expects_value_ = true;
        return true;
    }

    /// After a value: closes what ends here, and stops before the next value or at the very end.
    bool end_values()
    {
        skip_space();
        while (!open_.empty()) {
            if (take(',')) return open_.back() == ']' || take_name();
            if (!take(open_.back())) return false;
            open_.pop_back();
            skip_space();
        }
        return true;
    }

    bool take_name()
    {
        skip_space();
        if (peek() != '"' || !take_string()) return false;
        skip_space();
        return take(':');
    }

    bool take_number() noexcept
    {
        auto size = json_number_size(rest_);
        rest_.remove_prefix(size);
        return size != 0;
    }

    bool take_string() noexcept
    {
        rest_.remove_prefix(1);
        for (std::size_t at = 0; at < rest_.size(); ++at) {
            auto byte = static_cast<unsigned char>(rest_[at]);
            if (byte == '"') {
                rest_.remove_prefix(at + 1);
                return true;
            }
            if (byte < 0x20) return false;
            if (byte == '\\' && !skip_escape(at)) return false;
        }
        return false;
    }

    /// Moves `at` from the backslash to the last byte of the escape.
    bool skip_escape(std::size_t& at) const noexcept
    {
        static constexpr std::string_view letters = "\"\\/bfnrtu";
        if (++at >= rest_.size() || letters.find(rest_[at]) == letters.npos) return false;
        if (rest_[at] != 'u') return true;
        auto digits = rest_.substr(at + 1, 4);
        at += 4;
        return digits.size() == 4 && std::ranges::all_of(digits, is_hex);
    }

    std::string_view rest_;
    std::string open_;  // the closing bytes that are still to come, innermost last
    bool expects_value_ = false;
};

}  // namespace

error_code append_json_value(std::string_view text, std::string& out)
{
    if (!is_utf8(text) || !json_checker{text}.check()) return errc::bad_text;
    auto start = out.size();
    out.append(text);
    for (auto at = start; at < out.size(); ++at)
        if (out[at] == '\n' || out[at] == '\r') out[at] = ' ';  // inside a string they would be escaped
    return {};
}

}  // namespace understudy
