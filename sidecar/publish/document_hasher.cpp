#include "publish/document_hasher.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace understudy {

document_hasher::document_hasher()
{
    try {
        thread_ = std::thread{[this] { work(); }};
    } catch (const std::system_error&) {
        // The limit of threads is reached: slower, but no reason not to publish.
    }
}

document_hasher::~document_hasher()
{
    if (!thread_.joinable()) return;
    given_up_ = true;
    given_.release();
    thread_.join();
}

void document_hasher::add(std::string& bytes)
{
    bytes_ += bytes.size();
    if (!thread_.joinable()) {
        hash(bytes);
        return bytes.clear();
    }
    free_.acquire();
    rethrow_failure();
    auto& place = ring_[next_++ % places];
    place.swap(bytes);
    bytes.clear();
    given_.release();
}

document_digest document_hasher::finish()
{
    if (thread_.joinable())
        for (auto left = places; left > 0; --left) free_.acquire();
    rethrow_failure();
    if (in_block_ > 0) end_block();
    auto content = first_content_.hex();
    for (std::size_t i = 1; i < blocks_.size(); ++i) content += blocks_[i];
    return {.bytes = bytes_, .sha256 = whole_.hex(), .blocks = std::move(blocks_), .content = sha256_hex(content)};
}

void document_hasher::rethrow_failure()
{
    if (failed_) std::rethrow_exception(failed_);
}

void document_hasher::work() noexcept
{
    for (std::size_t next = 0;; ++next) {
        given_.acquire();
        if (given_up_) return;
        try {
            if (!failed_) hash(ring_[next % places]);
        } catch (...) {
            failed_ = std::current_exception();
        }
        free_.release();
    }
}

void document_hasher::hash(std::string_view bytes)
{
    while (!bytes.empty()) {
        auto piece = bytes.substr(0, block_bytes - in_block_);
        bytes.remove_prefix(piece.size());
        whole_.add(piece);
        block_.add(piece);
        if (blocks_.empty()) {
            auto header = content_ - std::min(content_, in_block_);  // what is left of it
            first_content_.add(piece.substr(std::min(header, piece.size())));
        }
        in_block_ += piece.size();
        if (in_block_ == block_bytes) end_block();
    }
}

void document_hasher::end_block()
{
    blocks_.push_back(block_.hex());
    block_ = sha256_stream{};
    in_block_ = 0;
}

}  // namespace understudy
