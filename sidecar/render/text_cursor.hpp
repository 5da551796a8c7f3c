#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

enum class quoting {
    backslash,  ///< In arrays and hstore a backslash stands before a quote or a backslash.
    doubled,    ///< In composites a quote and a backslash are doubled.
};

/// Takes parts off the front of the text form of an array, a composite or an hstore.
class text_cursor {
public:
    explicit text_cursor(std::string_view text) noexcept : rest_{text} {}

    bool at_end() const noexcept { return rest_.empty(); }
    bool starts_with(char byte) const noexcept { return rest_.starts_with(byte); }

    bool take(char byte) noexcept { return take(std::string_view{&byte, 1}); }
    bool take(std::string_view word) noexcept
    {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    /// Everything before the first of these bytes, or all that is left.
    std::string_view take_until(std::string_view stops) noexcept
    {
        auto taken = rest_.substr(0, std::min(rest_.find_first_of(stops), rest_.size()));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// The quoted string at the front without quotes and escapes; nothing if there is none or it does not end.
    /// Borrowed from the text, or from `scratch` where an escape had to be undone.
    std::optional<std::string_view> take_quoted(quoting style, std::string& scratch)
    {
        if (!take('"')) return std::nullopt;
        scratch.clear();
        for (;;) {
            auto at = rest_.find_first_of("\"\\");
            if (at == rest_.npos) return std::nullopt;
            if (!escapes(style, at)) return finish_quoted(at, scratch);
            if (at + 1 == rest_.size()) return std::nullopt;
            scratch.append(rest_, 0, at).push_back(rest_[at + 1]);
            rest_.remove_prefix(at + 2);
        }
    }

private:
    /// Whether the quote or backslash at `at` makes the next byte stand for itself.
    bool escapes(quoting style, std::size_t at) const noexcept
    {
        if (rest_[at] == '\\') return true;
        return style == quoting::doubled && rest_.substr(at + 1).starts_with('"');
    }

    std::string_view finish_quoted(std::size_t end, std::string& scratch)
    {
        auto last = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return scratch.empty() ? last : std::string_view{scratch.append(last)};
    }

    std::string_view rest_;
};

}  // namespace understudy
