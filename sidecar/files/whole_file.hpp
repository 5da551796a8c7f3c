#pragma once

#include "core/error.hpp"

#include <filesystem>
#include <string_view>

namespace understudy {

/// Writes a file whole or not at all: beside its place, durably, then renamed. One that is there keeps its rights, a new one gets
/// those that the umask leaves. A link leads to the file that is written.
///
/// Blocks. Errors: disk_full, storage_failed; the latter also for what is there and is no regular file.
outcome<void> write_whole_file(const std::filesystem::path& file, std::string_view text);

}  // namespace understudy
