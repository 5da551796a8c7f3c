#include "app/clean_text.hpp"

namespace understudy {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

bool is_tail(unsigned char byte) noexcept
{
    return (byte & 0xC0) == 0x80;
}

std::size_t length_by_lead(unsigned char lead) noexcept
{
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. The second byte tells.
bool second_fits(unsigned char lead, unsigned char second) noexcept
{
    switch (lead) {
    case 0xE0: return second >= 0xA0;
    case 0xED: return second < 0xA0;
    case 0xF0: return second >= 0x90;
    case 0xF4: return second < 0x90;
    default: return true;
    }
}

/// The bytes of the character at the front; 0 when they are no UTF-8.
std::size_t character_bytes(std::string_view text) noexcept
{
    auto lead = static_cast<unsigned char>(text[0]);
    auto length = length_by_lead(lead);
    if (length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if (!is_tail(static_cast<unsigned char>(text[i]))) return 0;
    return length < 2 || second_fits(lead, static_cast<unsigned char>(text[1])) ? length : 0;
}

/// C0, DEL, C1 (terminals obey them too) and the line and paragraph separators and direction overrides, which
/// make a line look like another one.
bool is_control(std::string_view character) noexcept
{
    auto lead = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
    if (character.size() == 2) return lead == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
    if (character >= "\xE2\x80\xA8" && character <= "\xE2\x80\xAE") return true;
    return character >= "\xE2\x81\xA6" && character <= "\xE2\x81\xA9";
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t bytes_max)
{
    std::string clean;
    while (!text.empty()) {
        auto length = character_bytes(text);
        auto shown = length == 0 ? replacement : text.substr(0, length);
        if (length != 0 && is_control(shown)) shown = " ";
        if (clean.size() + shown.size() > bytes_max) return clean.append(ellipsis);
        clean.append(shown);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

}  // namespace understudy
