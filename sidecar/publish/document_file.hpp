#pragma once

#include "publish/digest.hpp"
#include "publish/files.hpp"

#include <cstdint>
#include <future>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// What a document turned out to be.
struct document_digest {
    std::uint64_t bytes = 0;
    std::string sha256;
    std::vector<std::string> blocks;
    std::string content;   ///< manifest_document::content
};

/// A document under construction: large writes, each byte hashed once as part of the whole and once as part of
/// its block, on a helper thread that works while the next rows are formatted.
///
/// Owns the file and the helper. Publish thread only. After an error the file is of no use: remove it.
class document_file {
public:
    /// Fails with disk_full rather than leave less than `reserve_bytes` of the disk free.
    document_file(descriptor file, std::filesystem::path name, std::uint64_t reserve_bytes);
    document_file(const document_file&) = delete;
    document_file& operator=(const document_file&) = delete;
    ~document_file();

    /// The caller appends here and then calls drain(); it never keeps the reference across drain().
    std::string& buffer() noexcept { return buffer_; }

    /// Says that all bytes from here on are content. Called once, in the first block of the file.
    void begin_content() noexcept { content_start_ = buffer_.size(); }

    /// Writes out the buffer when it has grown large; else does nothing.
    outcome<void> drain()
    {
        if (buffer_.size() < chunk_bytes) return boost::system::in_place_value;
        return write_blocks(buffer_.size() / block_bytes * block_bytes);
    }

    /// Writes the rest, sets mode and owner, makes the file durable and closes it.
    outcome<document_digest> finish(const file_rights& rights);

private:
    static constexpr std::size_t chunk_bytes = 2 * block_bytes;

    outcome<void> write_blocks(std::size_t size);
    outcome<void> check_reserve() const;
    void hash(std::string_view bytes);
    void wait_for_helper();

    descriptor file_;
    std::filesystem::path name_;
    std::uint64_t reserve_bytes_;
    std::string buffer_;
    std::string sent_;                ///< Being hashed; the helper's until wait_for_helper.
    std::future<void> helper_;
    sha256_stream whole_;
    document_digest digest_;
    std::string first_content_;       ///< Hash of the first block without the header.
    std::size_t content_start_ = 0;
};

}  // namespace understudy
