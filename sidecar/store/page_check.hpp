#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <span>

namespace understudy {

struct checked_file {
    std::uint64_t file_bytes = 0;
    std::uint64_t used_bytes = 0;  ///< Up to the last page that was ever used.
};

/// Checks every page of a data file that LMDB would read, so that no damaged page makes LMDB read or write
/// outside the map or abort: LMDB trusts its file. Keys and values themselves are not checked.
///
/// Reads the whole file once. The caller holds the directory's lock. Errors: store_damaged, storage_failed.
outcome<checked_file> check_pages(const std::filesystem::path& file);

/// The same for bytes in memory, aligned to 8. Returns what the file's first `used_bytes` are. Errors: store_damaged.
result<std::uint64_t> check_pages(std::span<const char> file);

}  // namespace understudy
