#include "decode/json_skeleton.hpp"

#include "core/limits.hpp"

#include <bit>
#include <cstring>
#include <utility>

// text   := before scalar before scalar ... before
// scalar := plain | other
// plain  := '"' printable ASCII without '"' and '\' '"' | ['-'] digits, without a zero in front | 'null' | 'true' | 'false'
//
// In a JSON text each scalar may be any other one, and it still is a JSON text.

namespace understudy {

namespace {

constexpr std::uint64_t repeated(unsigned char byte) noexcept
{
    return 0x0101010101010101ULL * byte;
}

/// The lowest byte that is zero has its high bit set; some above it may, too.
constexpr std::uint64_t zeros(std::uint64_t bytes) noexcept
{
    return (bytes - repeated(1)) & ~bytes & repeated(0x80);
}

bool ends_plain(char byte) noexcept
{
    auto code = static_cast<unsigned char>(byte);
    return code < 0x20 || code >= 0x80 || byte == '"' || byte == '\\';
}

/// The first byte that is no plain one of a string.
const char* skip_plain(const char* at, const char* end) noexcept
{
    constexpr bool is_lowest_first = std::endian::native == std::endian::little;
    for (; is_lowest_first && end - at >= 8; at += 8) {
        std::uint64_t bytes;
        std::memcpy(&bytes, at, sizeof bytes);
        auto below = (bytes - repeated(0x20)) & ~bytes & repeated(0x80);
        auto found = below | (bytes & repeated(0x80)) | zeros(bytes ^ repeated('"')) | zeros(bytes ^ repeated('\\'));
        if (found != 0) return at + std::countr_zero(found) / 8;
    }
    while (at != end && !ends_plain(*at)) ++at;
    return at;
}

/// Behind the quote that ends a string, of which `at` is inside; `end` if it does not end.
const char* skip_string(const char* at, const char* end) noexcept
{
    while (at != end) {
        at = skip_plain(at, end);
        if (at == end) break;
        if (*at == '"') return at + 1;
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    }
    return end;
}

bool is_digit(char byte) noexcept
{
    return byte >= '0' && byte <= '9';
}

const char* skip_number(const char* at, const char* end) noexcept
{
    while (at != end && (is_digit(*at) || *at == '-' || *at == '+' || *at == '.' || *at == 'e' || *at == 'E')) ++at;
    return at;
}

/// As memcmp, for what is mostly too short for a call.
bool is_same(const char* one, const char* other, std::size_t size) noexcept
{
    for (; size >= 8; size -= 8, one += 8, other += 8) {
        std::uint64_t first;
        std::uint64_t second;
        std::memcpy(&first, one, sizeof first);
        std::memcpy(&second, other, sizeof second);
        if (first != second) return false;
    }
    while (size != 0 && *one == *other) --size, ++one, ++other;
    return size == 0;
}

std::string_view between(const char* begin, const char* end) noexcept
{
    return {begin, static_cast<std::size_t>(end - begin)};
}

/// Behind the scalar or name that begins here, in a JSON text; `at` if none does.
const char* skip_scalar(const char* at, const char* end) noexcept
{
    switch (*at) {
    case '"': return skip_string(at + 1, end);
    case 'n':
    case 't': return at + 4;
    case 'f': return at + 5;
    default: return skip_number(at, end);
    }
}

/// Whether what ends here, in a JSON text, is the name of a member.
bool is_name(const char* at, const char* end) noexcept
{
    while (at != end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) ++at;
    return at != end && *at == ':';
}

/// Takes scalars off the front of a text.
class scalar_cursor {
public:
    explicit scalar_cursor(std::string_view text) noexcept : at_{text.data()}, end_{at_ + text.size()} {}

    std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

    /// Passes over these bytes. False if there are others.
    bool pass(std::string_view bytes) noexcept
    {
        if (left() < bytes.size() || !is_same(at_, bytes.data(), bytes.size())) return false;
        at_ += bytes.size();
        return true;
    }

    bool take(tape_entry& into, json_skeleton::scalar_reader& others)
    {
        if (at_ == end_) return false;
        switch (*at_) {
        case '"': return take_string(into, others);
        case 'n': return take_word("null", json_kind::null, into);
        case 't': return take_word("true", json_kind::boolean, into);
        case 'f': return take_word("false", json_kind::boolean, into);
        default: return take_number(into, others);
        }
    }

private:
    bool take_string(tape_entry& into, json_skeleton::scalar_reader& others)
    {
        const char* begin = at_;
        const char* stop = skip_plain(begin + 1, end_);
        if (stop == end_) return false;
        if (*stop != '"') {
            at_ = skip_string(stop, end_);
            return others.read(between(begin, at_), into);
        }
        into.kind = json_kind::string;
        into.text = between(begin + 1, stop);
        at_ = stop + 1;
        return true;
    }

    bool take_number(tape_entry& into, json_skeleton::scalar_reader& others)
    {
        const char* begin = at_;
        const char* digits = *at_ == '-' ? at_ + 1 : at_;
        const char* stop = digits;
        while (stop != end_ && is_digit(*stop)) ++stop;
        at_ = skip_number(stop, end_);
        if (at_ == begin) return false;
        bool is_plain = at_ == stop && stop != digits && (*digits != '0' || stop == digits + 1);
        if (!is_plain) return others.read(between(begin, at_), into);
        into.kind = json_kind::number;
        into.text = between(begin, stop);
        return true;
    }

    bool take_word(std::string_view word, json_kind kind, tape_entry& into) noexcept
    {
        if (!pass(word)) return false;
        into.kind = kind;
        into.text = kind == json_kind::null ? std::string_view{} : word;
        return true;
    }

    const char* at_;
    const char* end_;
};

}  // namespace

void json_skeleton::learn(std::string_view text, std::span<const tape_entry> entries)
{
    places_.clear();
    text_.clear();
    if (text.size() > limits::skeleton_bytes_max || entries.size() > limits::skeleton_values_max) return;
    entries_.assign(entries.begin(), entries.end());
    text_.reserve(text.size());  // names are borrowed from it while it grows
    const char* at = text.data();
    const char* end = at + text.size();
    std::string_view name;
    std::size_t entry = 0;
    while (at != end) {
        const char* stop = skip_scalar(at, end);
        bool is_scalar = stop != at;
        if (is_scalar && is_name(stop, end)) {
            auto quoted = between(at, stop);
            if (quoted.find('\\') != quoted.npos) {
                places_.clear();
                return;
            }
            text_.append(quoted);
            name = std::string_view{text_}.substr(text_.size() - quoted.size() + 1, quoted.size() - 2);
            at = stop;
            continue;
        }
        if (is_scalar) places_.push_back({static_cast<std::uint32_t>(entry), static_cast<std::uint32_t>(text_.size())});
        if (is_scalar || *at == '{' || *at == '[') entries_[entry++].name = std::exchange(name, {});
        if (!is_scalar) text_.push_back(*at);
        at = is_scalar ? stop : at + 1;
    }
}

bool json_skeleton::read(std::string_view text, scalar_reader& others)
{
    scalar_cursor cursor{text};
    std::string_view around{text_};
    std::size_t begin = 0;
    for (const auto& [entry, end] : places_) {
        if (!cursor.pass(around.substr(begin, end - begin)) || !cursor.take(entries_[entry], others)) return false;
        begin = end;
    }
    auto rest = around.substr(begin);
    return !places_.empty() && cursor.left() == rest.size() && cursor.pass(rest);
}

}  // namespace understudy
