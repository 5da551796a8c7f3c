#include "render/json_text.hpp"
#include "serve/like_pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

// A pattern, a zero byte, a text. Compared with a matcher that follows the definition without any cleverness.

namespace {

std::size_t character_size(std::string_view text)
{
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
    return size;
}

/// Nothing when it takes too long.
class plain_matcher {
public:
    bool matches(std::string_view pattern, std::string_view text)
    {
        if (++steps_ > 10'000) return false;
        if (pattern.empty()) return text.empty();
        if (pattern.front() == '%')
            return matches(pattern.substr(1), text) ||
                   (!text.empty() && matches(pattern, text.substr(character_size(text))));
        if (text.empty()) return false;
        bool any = pattern.front() == '_';
        if (pattern.front() == '\\') pattern.remove_prefix(1);
        auto size = character_size(pattern);
        auto wide = character_size(text);
        if (!any && pattern.substr(0, size) != text.substr(0, wide)) return false;
        return matches(pattern.substr(size), text.substr(wide));
    }
    bool gave_up() const { return steps_ > 10'000; }

private:
    int steps_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view all{reinterpret_cast<const char*>(data), size};
    auto zero = all.find('\0');
    if (zero == all.npos) return 0;
    auto pattern = all.substr(0, zero);
    auto text = all.substr(zero + 1);
    if (!is_utf8(pattern) || !is_utf8(text)) return 0;
    (void)like_pattern{pattern, like_pattern::letters::any_case}.matches(text);
    like_pattern made{pattern, like_pattern::letters::as_they_are};
    auto found = made.matches(text);
    if (made.ends_in_escape() || !found) return 0;
    plain_matcher plain;
    bool wanted = plain.matches(pattern, text);
    if (!plain.gave_up() && wanted != *found) std::abort();
    return 0;
}
