#include "serve/like_pattern.hpp"

#include "core/limits.hpp"
#include "render/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cwctype>
#include <optional>

#include <locale.h>

namespace understudy {

namespace {

/// Bytes of the character at the front of UTF-8 text that is not empty.
std::size_t character_size(std::string_view text) noexcept
{
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
    return size;
}

std::uint32_t code_of(std::string_view character) noexcept
{
    auto byte = [&](std::size_t at) { return static_cast<unsigned char>(character[at]); };
    if (character.size() == 1) return byte(0);
    auto code = std::uint32_t{byte(0)} & (0xFFu >> (character.size() + 1));
    for (std::size_t at = 1; at < character.size(); ++at) code = code << 6 | (byte(at) & 0x3Fu);
    return code;
}

// Debian always has it. Never freed: as long as the program.
locale_t utf8_locale() noexcept
{
    static const auto made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return made;
}

std::string to_lower(std::string_view text)
{
    std::string made;
    made.reserve(text.size());
    while (!text.empty()) {
        auto size = character_size(text);
        auto code = code_of(text.substr(0, size));
        if (auto locale = utf8_locale(); locale != nullptr || code < 0x80)
            code = locale != nullptr ? static_cast<std::uint32_t>(::towlower_l(static_cast<wint_t>(code), locale))
                                     : static_cast<std::uint32_t>(std::tolower(static_cast<int>(code)));
        append_utf8(code, made);
        text.remove_prefix(size);
    }
    return made;
}

}  // namespace

like_pattern::like_pattern(std::string_view pattern, letters how) : how_{how}
{
    auto whole = folded(pattern);
    std::string_view rest{whole};
    while (!rest.empty()) {
        auto size = character_size(rest);
        auto character = rest.substr(0, size);
        rest.remove_prefix(size);
        if (character == "%") {
            if (parts_.empty() || parts_.back().what != part::kind::any) parts_.push_back({part::kind::any, {}});
        } else if (character == "_") {
            parts_.push_back({part::kind::one, {}});
        } else if (character != "\\") {
            append(character);
        } else if (rest.empty()) {
            ends_in_escape_ = true;
        } else {
            auto escaped = rest.substr(0, character_size(rest));
            rest.remove_prefix(escaped.size());
            append(escaped);
        }
    }
}

void like_pattern::append(std::string_view text)
{
    if (parts_.empty() || parts_.back().what != part::kind::text) parts_.push_back({part::kind::text, {}});
    parts_.back().text += text;
}

std::string like_pattern::folded(std::string_view text) const
{
    return how_ == letters::any_case ? to_lower(text) : std::string{text};
}

std::optional<bool> like_pattern::matches(std::string_view text) const
{
    if (ends_in_escape_) return false;
    return match_all(how_ == letters::any_case ? to_lower(text) : text);
}

// Only the last `%` that was passed can have to take more: what is in front of it has its shortest match already. So the work
// is at most the product of the two lengths, and where the text ends too early no longer match can help.
std::optional<bool> like_pattern::match_all(std::string_view text) const
{
    std::size_t at = 0;
    std::optional<std::size_t> retry_part;
    std::string_view retry_text;
    for (std::size_t steps = 0; steps < limits::like_steps_max; ++steps) {
        if (at == parts_.size()) {
            if (text.empty()) return true;
        } else if (const auto& now = parts_[at]; now.what == part::kind::any) {
            if (++at == parts_.size()) return true;
            retry_part = at;
            retry_text = text;
            continue;
        } else if (now.what == part::kind::one ? !text.empty() : text.starts_with(now.text)) {
            text.remove_prefix(now.what == part::kind::one ? character_size(text) : now.text.size());
            ++at;
            continue;
        } else if (text.empty() || text.size() < now.text.size()) {
            return false;
        }
        if (!retry_part || retry_text.empty()) return false;
        retry_text.remove_prefix(character_size(retry_text));
        text = retry_text;
        at = *retry_part;
    }
    return std::nullopt;
}

}  // namespace understudy
