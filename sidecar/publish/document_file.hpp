#pragma once

#include "files/files.hpp"
#include "publish/document_hasher.hpp"
#include "publish/own_files.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A document under construction: large writes, each byte hashed once as part of the whole and once as part of
/// its block, on a thread that works while the next rows are formatted.
///
/// Owns the file and the thread. Publish thread only. After an error the file is of no use: remove it.
class document_file {
public:
    /// Fails with disk_full rather than leave less than `reserve_bytes` of the disk free.
    document_file(descriptor file, std::filesystem::path name, std::uint64_t reserve_bytes);
    document_file(const document_file&) = delete;
    document_file& operator=(const document_file&) = delete;

    /// The caller appends here and then calls drain(); it never keeps the reference across drain().
    std::string& buffer() noexcept { return buffer_; }

    /// Where the next byte of the buffer will stand in the file.
    std::uint64_t position() const noexcept { return written_ + buffer_.size(); }

    /// Says that all bytes from here on are content. Called once, in the first block of the file.
    void begin_content() noexcept { hasher_.set_content_start(buffer_.size()); }

    /// So many rows are not in it, because a value of them is not known.
    void note_withheld(std::uint64_t rows) noexcept { withheld_ += rows; }
    std::uint64_t withheld() const noexcept { return withheld_; }

    /// Writes out the buffer when it has grown large; else does nothing.
    outcome<void> drain()
    {
        if (buffer_.size() < chunk_bytes) return boost::system::in_place_value;
        return write_out();
    }

    /// Writes the rest, sets mode and owner, makes the file durable and closes it.
    outcome<document_digest> finish(const file_rights& rights);

private:
    // Small enough to stay in the processor's cache from the first row to the copy that the kernel takes.
    static constexpr std::size_t chunk_bytes = std::size_t{512} << 10;

    outcome<void> write_out();
    void start_disk();
    outcome<void> check_reserve() const;

    descriptor file_;
    std::filesystem::path name_;
    std::uint64_t reserve_bytes_;
    std::string buffer_;
    std::uint64_t written_ = 0;
    std::uint64_t started_ = 0;  ///< Of it, what the disk was given.
    std::uint64_t withheld_ = 0;
    document_hasher hasher_;
};

}  // namespace understudy
