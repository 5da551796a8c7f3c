#pragma once

#include "core/error.hpp"
#include "core/lsn.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A Postgres object identifier. Zero is no object.
using oid = std::uint32_t;

struct table_name {
    std::string schema;
    std::string name;
    friend auto operator<=>(const table_name&, const table_name&) = default;
};

/// `schema.name`, unquoted: for people and for config keys.
std::string to_string(const table_name& name);

/// The member of a document that holds a table: the bare name for `public`, else `schema.name`.
std::string member_of(const table_name& name);

struct column {
    std::string name;
    oid type = 0;
    std::int32_t typmod = -1;
    friend bool operator==(const column&, const column&) = default;
};

/// How rows of a table are told apart.
enum class row_identity {
    key,       ///< By the columns in table_shape::key: one row for each key.
    multiset,  ///< By all columns: REPLICA IDENTITY FULL without a key; equal rows are counted.
};

/// What the mirror keeps of a table: the columns in stored order, and how rows are identified.
struct table_shape {
    std::vector<column> columns;
    row_identity identity = row_identity::key;
    std::vector<std::uint16_t> key;  ///< Positions in `columns`, in key order. Empty for a multiset.
    friend bool operator==(const table_shape&, const table_shape&) = default;
};

/// Identifies one copy of one table. Never used twice, nor by two stores: each begins to count at a random number.
using epoch = std::uint64_t;

/// A mirrored table as the store remembers it.
struct table_record {
    oid relation = 0;
    table_name name;
    table_shape shape;
    epoch rows = 0;           ///< Where the current rows are kept.
    lsn valid_from;           ///< Commits that start before this are inside the copy already: ignore them.
    std::string fingerprint;  ///< The catalog's state that the copy was made from.
    friend bool operator==(const table_record&, const table_record&) = default;
};

/// From here on every table's copy is true.
lsn newest_copy(const std::vector<table_record>& tables) noexcept;

/// The one with this oid; null when there is none.
const table_record* find_table(const std::vector<table_record>& tables, oid relation) noexcept;

}  // namespace understudy
