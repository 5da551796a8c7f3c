#pragma once

#include "core/error.hpp"
#include "files/files.hpp"
#include "publish/manifest.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A document of a generation, held open: it can be read after its name is gone.
///
/// Each block of 1 MiB is compared with its hash in the manifest before the first read that touches it, and again when the
/// background look comes past. One thread at a time.
class served_file {
public:
    /// `directory` is the open directory of the generation. Errors: generation_damaged if it is not there, no regular file
    /// or has another size.
    static outcome<std::shared_ptr<served_file>> open(int directory, const manifest_document& document);

    /// The bytes [start, start + size), or as many of them as there are, in `into`. Errors: generation_damaged naming the
    /// block.
    outcome<void> read(std::uint64_t start, std::size_t size, std::string& into);

    /// Compares the next block with its hash, whether or not that was done before. False when that was the last one, and the
    /// next call begins anew. Errors: generation_damaged.
    outcome<bool> check_next_block();

    /// Compares one block that was not compared before. False when none is left. Errors: generation_damaged.
    outcome<bool> check_new_block();

    const manifest_document& document() const noexcept { return document_; }

private:
    served_file(descriptor file, manifest_document document);
    outcome<void> check_block(std::size_t block);
    outcome<void> read_exactly(std::uint64_t start, std::size_t size, std::string& into) const;
    failure damaged(std::string_view why) const;

    descriptor file_;
    manifest_document document_;
    std::vector<bool> checked_;
    std::size_t next_block_ = 0;
    std::string block_;  ///< Kept to allocate once.
};

}  // namespace understudy
