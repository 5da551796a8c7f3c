#pragma once

#include "core/error.hpp"
#include "publish/document_plan.hpp"
#include "publish/manifest.hpp"
#include "publish/snapshot_directory.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace understudy {

/// The caller's word that these epochs hold the same rows as in generation `since`. It is believed only if
/// `since` is the previous generation, and for a document only if its plan is the same too.
struct unchanged_tables {
    std::uint64_t since = 0;
    std::set<epoch> rows;
};

/// What the catalog says of a table beside its shape.
struct table_description {
    std::vector<std::string> kinds;   ///< manifest_column::kind of each column of the shape; may be empty.
    std::vector<std::string> losses;  ///< manifest_column::loss likewise.
    std::vector<left_out_column> left_out;
    std::vector<std::string> doubts;  ///< manifest_table::doubts
};

/// What to write. Everything is borrowed for the call.
struct generation_request {
    const read_snapshot& rows;
    std::span<const document_plan> documents;
    std::uint64_t number = 0;            ///< Above every generation that is there.
    db_time created_at{};                ///< On our clock.
    const manifest* previous = nullptr;  ///< Of a generation in the same directory, to link to.
    unchanged_tables unchanged{};
    std::map<table_name, table_description> catalog{};
    std::string offsets{};  ///< manifest::offsets
};

/// The source as a manifest names it.
source_identity source_of(const store_identity& stored);

/// Writes one whole generation, durably, beside the others; announces nothing. Publish thread only.
///
/// A document whose content is the same as in `previous` becomes a hard link to its file there, and keeps the
/// header of the generation in which it last changed: without being read where `unchanged` allows it, else after
/// its content was found equal.
///
/// Errors: disk_full, storage_failed, bad_directory, store_busy; those of write_document; internal for a number
/// that is not above the previous one. After an error nothing of this generation is left and the others are as
/// they were; a next try writes everything anew.
outcome<manifest> write_generation(snapshot_directory& directory, const generation_request& request);

}  // namespace understudy
