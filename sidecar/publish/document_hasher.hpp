#pragma once

#include "publish/digest.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace understudy {

/// What a document turned out to be.
struct document_digest {
    std::uint64_t bytes = 0;
    std::string sha256;
    std::vector<std::string> blocks;
    std::string content;  ///< manifest_document::content
};

/// Hashes a document once as a whole and once in its blocks, on a thread of its own while the caller goes on. Where
/// no thread can be had it hashes at once.
///
/// Belongs to one thread. Throws what hashing throws: std::bad_alloc.
class document_hasher {
public:
    document_hasher();
    document_hasher(const document_hasher&) = delete;
    document_hasher& operator=(const document_hasher&) = delete;
    ~document_hasher();

    /// Says where the content begins, in the first block. Before the first add().
    void set_content_start(std::size_t place) noexcept { content_ = place; }

    /// Takes the next bytes out of `bytes` and leaves it empty. Waits when much is not hashed yet.
    void add(std::string& bytes);

    /// What the document turned out to be. Once.
    document_digest finish();

private:
    static constexpr std::ptrdiff_t places = 8;

    void work() noexcept;
    void hash(std::string_view bytes);
    void end_block();
    void rethrow_failure();

    std::uint64_t bytes_ = 0;
    std::size_t content_ = 0;
    sha256_stream whole_;
    sha256_stream block_;
    sha256_stream first_content_;  // of the first block without the header
    std::size_t in_block_ = 0;
    std::vector<std::string> blocks_;

    std::array<std::string, places> ring_;
    std::size_t next_ = 0;  // the caller's next place
    std::counting_semaphore<places> free_{places};
    std::counting_semaphore<> given_{0};
    std::atomic<bool> given_up_{false};
    std::exception_ptr failed_;  // the thread's until a place is free again
    std::thread thread_;         // last: it uses all of the others
};

}  // namespace understudy
