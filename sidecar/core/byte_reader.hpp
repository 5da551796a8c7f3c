#pragma once

#include "core/error.hpp"

#include <boost/endian/conversion.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace understudy {

/// Takes big-endian fields off the front of a borrowed message.
///
/// A short read never touches memory past the end: it fails the reader, and every later take gives zero or
/// empty. So a decoder reads straight through and asks finish() once. Loops over a count taken from the wire
/// must also stop when ok() turns false.
class byte_reader {
public:
    explicit byte_reader(std::string_view message) noexcept : rest_{message} {}

    std::uint8_t u8() noexcept { return number<std::uint8_t>(); }
    std::uint16_t u16() noexcept { return number<std::uint16_t>(); }
    std::uint32_t u32() noexcept { return number<std::uint32_t>(); }
    std::uint64_t u64() noexcept { return number<std::uint64_t>(); }
    std::int32_t i32() noexcept { return static_cast<std::int32_t>(u32()); }
    std::int64_t i64() noexcept { return static_cast<std::int64_t>(u64()); }

    /// Returns the next `count` bytes, still owned by the message.
    std::string_view bytes(std::size_t count) noexcept
    {
        if (!ok_ || count > rest_.size()) {
            ok_ = false;
            return {};
        }
        auto taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    /// Returns the bytes up to the next zero byte and takes that too.
    std::string_view c_string() noexcept
    {
        auto end = rest_.find('\0');
        if (!ok_ || end == rest_.npos) {
            ok_ = false;
            return {};
        }
        auto taken = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return taken;
    }

    bool ok() const noexcept { return ok_; }
    std::string_view rest() const noexcept { return rest_; }

    /// Errors: truncated_message if any take ran short, trailing_bytes if some are left.
    error_code finish() const noexcept
    {
        if (!ok_) return errc::truncated_message;
        if (!rest_.empty()) return errc::trailing_bytes;
        return {};
    }

private:
    template <class Number>
    Number number() noexcept
    {
        auto taken = bytes(sizeof(Number));
        if (taken.empty()) return 0;
        using boost::endian::order;
        return boost::endian::endian_load<Number, sizeof(Number), order::big>(
            reinterpret_cast<const unsigned char*>(taken.data()));
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace understudy
