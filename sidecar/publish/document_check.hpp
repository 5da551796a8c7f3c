#pragma once

#include "publish/manifest.hpp"

#include <string>
#include <vector>

namespace understudy {

/// Appends what is wrong with a document, or its index, in an open generation directory: missing, no regular file, wrong
/// size.
void check_size(int directory, const manifest_document& document, std::vector<std::string>& differences);

/// Reads all of it in blocks and appends also: each block whose hash differs, the whole's hash, and where it stops
/// being JSON.
void check_content(int directory, const manifest_document& document, std::vector<std::string>& differences);

}  // namespace understudy
