#include "publish/document_file.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/statvfs.h>

namespace understudy {

document_file::document_file(descriptor file, std::filesystem::path name, std::uint64_t reserve_bytes)
    : file_{std::move(file)}, name_{std::move(name)}, reserve_bytes_{reserve_bytes}
{
    buffer_.reserve(chunk_bytes + block_bytes);
}

document_file::~document_file()
{
    if (helper_.valid()) helper_.wait();  // not get(): what it threw must not leave a destructor
}

void document_file::wait_for_helper()
{
    if (helper_.valid()) helper_.get();
}

void document_file::hash(std::string_view bytes)
{
    whole_.add(bytes);
    if (digest_.blocks.empty()) first_content_ = sha256_hex(bytes.substr(content_start_, block_bytes - content_start_));
    for (; !bytes.empty(); bytes.remove_prefix(std::min(block_bytes, bytes.size())))
        digest_.blocks.push_back(sha256_hex(bytes.substr(0, block_bytes)));
}

outcome<void> document_file::check_reserve() const
{
    struct statvfs disk {};
    if (reserve_bytes_ == 0 || ::fstatvfs(file_.get(), &disk) != 0) return boost::system::in_place_value;
    if (disk.f_bavail * disk.f_frsize >= reserve_bytes_) return boost::system::in_place_value;
    return failure{errc::disk_full, fmt::format("write {}: less than snapshot.reserve_bytes ({}) is free; free space "
                                                "on this filesystem", name_.string(), reserve_bytes_)};
}

outcome<void> document_file::write_blocks(std::size_t size)
{
    // `size` is a whole number of blocks, or everything: so no block is ever hashed in two parts.
    if (auto room = check_reserve(); !room) return room;
    wait_for_helper();
    std::swap(buffer_, sent_);
    buffer_.assign(sent_, size);
    sent_.resize(size);
    // Where no thread can be had, libstdc++ runs this in wait_for_helper instead.
    helper_ = std::async(std::launch::async | std::launch::deferred, [this] { hash(sent_); });
    if (auto done = write_all(file_.get(), sent_, name_); !done) return done;
    // Starts the disk early, so that the fsync at the end finds little to do. Only a hint: its failure is none.
    ::sync_file_range(file_.get(), static_cast<off64_t>(digest_.bytes), static_cast<off64_t>(size),
                      SYNC_FILE_RANGE_WRITE);
    digest_.bytes += size;
    return boost::system::in_place_value;
}

outcome<document_digest> document_file::finish(const file_rights& rights)
{
    if (auto done = write_blocks(buffer_.size()); !done) return done.error();
    if (auto done = give_rights(file_.get(), rights.mode, rights, name_); !done) return done.error();
    if (auto done = sync(file_.get(), name_); !done) return done.error();
    if (auto done = close(std::move(file_), name_); !done) return done.error();
    wait_for_helper();
    digest_.sha256 = whole_.hex();
    auto content = first_content_;
    for (std::size_t i = 1; i < digest_.blocks.size(); ++i) content += digest_.blocks[i];
    digest_.content = sha256_hex(content);
    return std::move(digest_);
}

}  // namespace understudy
