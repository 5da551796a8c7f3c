#pragma once

#include "core/error.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace understudy {

// How a row stands in its epoch's database. LMDB takes keys of 1 to 511 bytes.
//
//   key       := whole-key                                   of 1 to 479 bytes
//              | whole-key[0..479) sha256(whole-key)         511 bytes: for longer keys
//   value     := varint(count * 2 + is_long) long-part? tuple
//   long-part := varint(size of whole-key) whole-key         only when is_long
//   varint    := LEB128
//
// So the size of a key tells the two kinds apart, and the databases' own order is that of the whole keys, except
// within a run of long keys with the same first 479 bytes.

inline constexpr std::size_t whole_key_bytes_max = 479;
inline constexpr std::size_t long_key_bytes = 511;

inline bool is_long(std::string_view key) noexcept
{
    return key.size() > whole_key_bytes_max;
}

/// What a row's key is in the database. Borrows a short key: it must outlive this.
class stored_key {
public:
    explicit stored_key(std::string_view key);
    stored_key(const stored_key&) = delete;
    stored_key& operator=(const stored_key&) = delete;

    std::string_view view() const noexcept { return view_; }

private:
    std::array<char, long_key_bytes> buffer_;
    std::string_view view_;
};

struct stored_row {
    std::uint64_t count = 1;    ///< How often the row stands in the table; 1 unless a multiset.
    std::string_view long_key;  ///< The whole key of a long one, else empty.
    std::string_view tuple;
};

std::size_t encoded_size(const stored_row& row) noexcept;

/// Writes encoded_size(row) bytes.
void encode(const stored_row& row, char* to) noexcept;

/// Borrows from `value`. Errors: store_damaged.
result<stored_row> decode_row(std::string_view value) noexcept;

}  // namespace understudy
