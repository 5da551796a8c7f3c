#pragma once

#include "core/error.hpp"
#include "files/files.hpp"
#include "publish/digest.hpp"
#include "publish/manifest.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A document of a generation, held open: it can be read after its name is gone.
///
/// Each block of 1 MiB is compared with its hash in the manifest before the first read that touches it, and again when the
/// background look comes past. Serve thread only.
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

    /// Goes on with the blocks that were not compared before, by limits::block_part_bytes. False when none is left.
    /// Errors: generation_damaged.
    outcome<bool> check_new_part();

    const manifest_document& document() const noexcept { return document_; }

private:
    served_file(descriptor file, manifest_document document);
    /// A block that is compared in parts.
    struct partial_look {
        explicit partial_look(std::size_t of) : block{of} {}
        std::size_t block;
        std::size_t used = 0;
        sha256_stream hash;
    };
    std::size_t size_of(std::size_t block) const noexcept;
    outcome<void> check_block(std::size_t block);
    outcome<void> compare(std::size_t block, const std::string& hash);
    outcome<void> read_exactly(std::uint64_t start, std::size_t size, std::string& into) const;
    failure damaged(std::string_view why) const;

    descriptor file_;
    manifest_document document_;
    std::vector<bool> checked_;
    std::size_t next_block_ = 0;
    std::optional<partial_look> look_;
    std::string block_;  ///< Kept to allocate once.
};

}  // namespace understudy
