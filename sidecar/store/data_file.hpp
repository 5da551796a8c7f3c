#pragma once

#include "core/error.hpp"
#include "store/lmdb.hpp"

#include <filesystem>
#include <functional>

namespace understudy {

/// The store's one data file: `data.mdb` in its directory. The file is never sparse, and it
/// appears by a rename, when it is whole.
///
/// The caller holds the directory's lock.
std::filesystem::path data_file_in(const std::filesystem::path& directory);

/// Makes the data file with what `fill` writes into it. Errors: disk_full, storage_failed; those of `fill`.
using filler = std::function<outcome<void>(lmdb::transaction&)>;
outcome<void> create_data_file(const std::filesystem::path& directory, const filler& fill);

/// Checks the file, reserves its space and opens it; removes what a killed compaction left.
/// Errors: store_damaged, disk_full, storage_failed.
outcome<lmdb::environment> open_data_file(const std::filesystem::path& directory);

/// Grows the file, then the map. The caller keeps every transaction away. After disk_full all is as before.
/// Errors: disk_full, storage_failed; store_lost.
outcome<void> grow_data_file(lmdb::environment& open, const std::filesystem::path& directory, std::uint64_t bytes);

/// Writes a compacted copy, with room for `bytes` in all, beside the data file. Errors: disk_full,
/// storage_failed; then nothing is left of the copy.
outcome<void> write_compacted(const lmdb::environment& open, const std::filesystem::path& directory,
                              std::uint64_t bytes);

/// Puts the compacted copy in the place of the data file, which must not be open. Errors: storage_failed.
outcome<void> install_compacted(const std::filesystem::path& directory);

}  // namespace understudy
