#pragma once

#include "core/error.hpp"
#include "core/table.hpp"
#include "files/files.hpp"
#include "publish/digest.hpp"
#include "publish/own_files.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

// The row index of a document: where the rows of each table stand in it, and the keys of some of them. Rows stand one on
// a line in key order, so a reader finds a key by one search among the keys here and one read of some KiB there.
//
//   file      := magic table-part* directory u64(start of directory)
//   table     := entry* place*
//   entry     := u64(row's start) u32(size) byte{size}     the whole key (render/key_bytes.hpp) of the first row of each
//                                                          block of index_block_bytes; of a multiset the size is 0
//   place     := u64(start of entry)
//   directory := u32(tables) table-record*
//   record    := text(schema) text(name) u64(rows) u64(start of the first row) u64(end of the last) u64(entries)
//                u64(start of the first place)
//   text      := u32(size) byte{size}
//
// Numbers are big-endian. Starts of rows count from the document's first byte, all others from the index's.

inline constexpr std::string_view document_index_magic = "understudy row index 1\n";
inline constexpr std::uint64_t index_block_bytes = std::uint64_t{8} << 10;

/// The index file of a document, as its manifest names it.
struct index_digest {
    std::string file;
    std::uint64_t bytes = 0;
    std::string sha256;
    friend bool operator==(const index_digest&, const index_digest&) = default;
};

/// `snapshot.json.index`
std::string index_file_of(const std::string& document);

/// Writes an index beside a document that is being written. Keeps eight bytes for each block of the document.
///
/// Owns the file. Publish thread only. After an error the file is of no use: remove it. Errors: disk_full, storage_failed.
class document_index_writer {
public:
    document_index_writer(descriptor file, std::string name);

    void begin_table(const table_name& name, row_identity identity);

    /// The next row of the table, in the order of the document.
    outcome<void> add(std::string_view key, std::uint64_t start);

    /// `end`: behind the table's last row.
    void end_table(std::uint64_t end);

    /// Writes the rest, sets mode and owner, makes the file durable and closes it.
    outcome<index_digest> finish(const file_rights& rights);

private:
    struct table {
        table_name name;
        row_identity identity = row_identity::key;
        std::uint64_t rows = 0;
        std::uint64_t first = 0;
        std::uint64_t end = 0;
        std::uint64_t places_at = 0;
        std::vector<std::uint64_t> entries;  ///< Emptied once they are written.
        std::uint64_t entry_count = 0;
    };

    std::uint64_t position() const noexcept { return written_ + buffer_.size(); }
    void append_directory();
    outcome<void> write_out();

    descriptor file_;
    std::string name_;
    std::string buffer_;
    std::uint64_t written_ = 0;
    sha256_stream hash_;
    std::vector<table> tables_;
    std::uint64_t next_block_ = 0;  ///< The first row that starts at or behind this begins a block.
};

/// A part of a document that begins with a row and ends behind one, or at the next row.
struct row_range {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
};

/// The rows of one table in a document. Borrows from its document_index.
class indexed_rows {
public:
    std::uint64_t rows = 0;
    std::uint64_t first = 0;  ///< Start of the first row, in the document.
    std::uint64_t end = 0;    ///< Behind the last row.

    row_range all() const noexcept { return {first, end}; }

    /// The block that holds this key if any row has it. Nothing if it is below every key.
    std::optional<row_range> find(std::string_view key) const noexcept;

    /// The blocks that hold all rows whose keys are in [low, high]; either may be empty for no bound.
    row_range between(std::string_view low, std::string_view high) const noexcept;

private:
    friend class document_index;
    bool is_sound(std::uint64_t document_bytes) const noexcept;
    std::size_t first_above(std::string_view key) const noexcept;
    /// The same, of entries that do not go on behind these bytes either, as those of a store may (source/kafka/log_reader.cpp).
    std::size_t first_behind(std::string_view key) const noexcept;
    template <class Predicate>
    std::size_t first_that(Predicate is_above) const noexcept;
    std::string_view key_of(std::size_t entry) const noexcept;
    std::uint64_t start_of(std::size_t entry) const noexcept;
    std::uint64_t end_of(std::size_t entry) const noexcept;
    std::uint64_t place_of(std::size_t entry) const noexcept;

    std::string_view bytes_;
    std::uint64_t places_at_ = 0;
    std::size_t entries_ = 0;
};

/// An index in memory. Immutable; any thread.
class document_index {
public:
    /// Takes the bytes of an index file. Errors: generation_damaged if they contradict themselves or reach outside a
    /// document of `document_bytes`.
    static outcome<document_index> parse(std::string bytes, std::uint64_t document_bytes);

    document_index(const document_index&) = delete;
    document_index& operator=(const document_index&) = delete;
    document_index(document_index&&) noexcept = default;
    document_index& operator=(document_index&&) noexcept = default;

    struct table {
        table_name name;
        indexed_rows rows;
    };
    const std::vector<table>& tables() const noexcept { return tables_; }

private:
    document_index() = default;
    std::unique_ptr<const std::string> bytes_;  ///< At a place of its own, for the tables borrow from it.
    std::vector<table> tables_;
};

}  // namespace understudy
