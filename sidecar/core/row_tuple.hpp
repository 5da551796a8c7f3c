#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

// A row as the store keeps it: its columns' JSON fragments in stored order, without their names.
//
//   tuple    := field*
//   field    := varint(0)                 unchanged: the value is the one that the row had before (TOAST)
//             | varint(1)                 null
//             | varint(n >= 2) byte{n-1}  a JSON fragment of n-1 bytes
//   varint   := LEB128, at most 5 bytes
//
// The store replaces unchanged fields by what it holds. A stored tuple has one only where the source may lose values
// (row_before::unsure) and lost it: nobody knows it, and the row is in no document.

/// Appends one field to a tuple under construction.
void append_null(std::string& tuple);
void append_unchanged(std::string& tuple);
void append_fragment(std::string& tuple, std::string_view fragment);

/// Starts a fragment whose bytes the caller appends to `tuple` itself, then ends with end_fragment. Saves
/// a copy where the fragment's size is not known before it is rendered. Returns the mark for end_fragment.
std::size_t begin_fragment(std::string& tuple);
void end_fragment(std::string& tuple, std::size_t mark);

struct tuple_field {
    enum class kind { unchanged, null, fragment };
    kind what = kind::null;
    std::string_view fragment;  ///< Borrowed from the tuple; `null` for a null.
};

/// Walks over the fields of a borrowed tuple.
class tuple_reader {
public:
    explicit tuple_reader(std::string_view tuple) noexcept : rest_{tuple} {}

    /// The next field, or nothing at the end or when the tuple is damaged: then ok() is false.
    std::optional<tuple_field> next() noexcept
    {
        if (rest_.empty()) return std::nullopt;
        std::uint64_t head = static_cast<unsigned char>(rest_.front());
        if (head < 0x80)
            rest_.remove_prefix(1);
        else if (!take_long_head(head))
            return std::nullopt;
        if (head == 0) return tuple_field{tuple_field::kind::unchanged, {}};
        if (head == 1) return tuple_field{tuple_field::kind::null, "null"};
        if (head - 1 > rest_.size()) return fail();
        auto fragment = rest_.substr(0, head - 1);
        rest_.remove_prefix(head - 1);
        return tuple_field{tuple_field::kind::fragment, fragment};
    }

    bool ok() const noexcept { return ok_; }
    bool at_end() const noexcept { return rest_.empty(); }

private:
    bool take_long_head(std::uint64_t& head) noexcept;

    std::nullopt_t fail() noexcept
    {
        rest_ = {};
        ok_ = false;
        return std::nullopt;
    }

    std::string_view rest_;
    bool ok_ = true;
};

bool has_unchanged(std::string_view tuple) noexcept;

/// Writes `fresh` to `out` with each unchanged field taken from `stored`, where it can be unchanged, too: then nobody knows it.
/// Errors: column_mismatch if the two have different numbers of fields or `stored` is damaged.
result<void> splice(std::string_view fresh, std::string_view stored, std::string& out);

}  // namespace understudy
