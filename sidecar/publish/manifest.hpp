#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/table.hpp"
#include "publish/document_index.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

inline constexpr const char* manifest_file = "manifest.json";
inline constexpr std::uint64_t manifest_format = 1;

struct source_identity {
    std::string kind = "postgres";  ///< Or `kafka`, whose system_id is the cluster's, and which has no slot.
    std::string system_id;
    std::uint32_t timeline = 0;
    std::string database;
    std::string slot;
    std::string publication;
    friend bool operator==(const source_identity&, const source_identity&) = default;
};

/// A column that the generation does not hold, and why.
struct left_out_column {
    std::string name;
    std::string reason;
    friend bool operator==(const left_out_column&, const left_out_column&) = default;
};

struct manifest_column {
    std::string name;
    oid type = 0;
    std::int32_t typmod = -1;
    std::string kind;       ///< The built-in scalar type behind it, through domains, or `enum`; empty for all others.
    std::string loss = {};  ///< What values may lose on their way from the database, in a sentence; empty: nothing.
    friend bool operator==(const manifest_column&, const manifest_column&) = default;
};

struct manifest_table {
    table_name name;
    epoch rows_epoch = 0;
    std::vector<manifest_column> columns;
    std::vector<std::string> key;  ///< Empty for a multiset.
    std::uint64_t rows = 0;
    std::vector<left_out_column> left_out;
    std::vector<std::string> doubts = {};  ///< What its rows may lack or have too much: `skipped_records` and the like.
    friend bool operator==(const manifest_table&, const manifest_table&) = default;
};

struct manifest_document {
    std::string file;
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    std::string sha256;                   ///< Of the whole file: what `sha256sum` prints.
    std::vector<std::string> blocks;      ///< SHA-256 of each block of digest.hpp's block_bytes.
    std::string content;                  ///< Equal exactly when all bytes behind the header are equal.
    std::string plan;                     ///< Equal exactly when made by the same plan from the same epochs.
    std::uint64_t generation = 0;         ///< In which the content last changed: the one in its header.
    std::uint64_t withheld = 0;           ///< Rows that are not in it, because the source lost a value of them.
    std::optional<index_digest> index{};  ///< Of the tables that are read from it, where reads are answered.
    friend bool operator==(const manifest_document&, const manifest_document&) = default;
};

/// What is true of a whole generation.
struct manifest {
    std::uint64_t format = manifest_format;
    std::uint64_t generation = 0;
    lsn position;
    std::optional<db_time> content_as_of;     ///< Nothing before the first commit.
    db_time created_at{};                     ///< On our clock: for people.
    std::string consistency = "transaction";  ///< name_of(consistency_level)
    source_identity source;
    std::vector<manifest_table> tables;
    std::vector<manifest_document> documents;
    std::string offsets = {};  ///< Of a source of several logs: JSON, how far it is in each; else empty.
    friend bool operator==(const manifest&, const manifest&) = default;
};

std::string to_json(const manifest& from);

/// Errors: generation_damaged naming the member; also for a format newer than ours.
outcome<manifest> manifest_from_json(std::string_view text);

}  // namespace understudy
