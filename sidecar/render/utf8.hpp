#pragma once

#include <cstdint>
#include <string>

namespace understudy {

/// Appends a character's UTF-8 (RFC 3629). `code` is at most 10FFFF.
inline void append_utf8(std::uint32_t code, std::string& out)
{
    auto add = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) return add(code);
    int tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    add((0xFF00u >> (tails + 1) & 0xFF) | code >> (6 * tails));
    for (int tail = tails - 1; tail >= 0; --tail) add(0x80 | (code >> (6 * tail) & 0x3F));
}

}  // namespace understudy
