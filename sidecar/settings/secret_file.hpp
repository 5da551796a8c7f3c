#pragma once

#include "core/error.hpp"

#include <filesystem>
#include <string>

namespace understudy {

/// Reads a file that holds one secret and cuts one trailing newline. Follows symbolic links, as mounted secrets
/// are made of them. Errors: bad_config if it cannot be read, is no regular file, is readable by everyone, or is
/// empty, over 64 KiB or holds a zero byte. The text never holds the contents.
outcome<std::string> read_secret_file(const std::filesystem::path& file);

}  // namespace understudy
