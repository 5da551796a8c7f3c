#include "publish/document_file.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/statvfs.h>

namespace understudy {

document_file::document_file(descriptor file, std::filesystem::path name, std::uint64_t reserve_bytes)
    : file_{std::move(file)}, name_{std::move(name)}, reserve_bytes_{reserve_bytes}
{
}

outcome<void> document_file::check_reserve() const
{
    struct statvfs disk{};
    if (reserve_bytes_ == 0 || ::fstatvfs(file_.get(), &disk) != 0) return boost::system::in_place_value;
    if (disk.f_bavail * disk.f_frsize >= reserve_bytes_) return boost::system::in_place_value;
    return failure{errc::disk_full, fmt::format("write {}: less than snapshot.reserve ({} bytes) is free; free space "
                                                "on this filesystem",
                                                name_.string(), reserve_bytes_)};
}

outcome<void> document_file::write_out()
{
    if (auto room = check_reserve(); !room) return room;
    if (auto done = write_all(file_.get(), buffer_, name_); !done) return done;
    written_ += buffer_.size();
    hasher_.add(buffer_);
    if (written_ - started_ >= 2 * block_bytes) start_disk();
    return boost::system::in_place_value;
}

// So that the fsync at the end finds little to do. Only a hint: its failure is none.
void document_file::start_disk()
{
    ::sync_file_range(file_.get(), static_cast<off64_t>(started_), static_cast<off64_t>(written_ - started_),
                      SYNC_FILE_RANGE_WRITE);
    started_ = written_;
}

outcome<document_digest> document_file::finish(const file_rights& rights)
{
    if (auto done = write_out(); !done) return done.error();
    if (auto done = give_rights(file_.get(), rights.mode, rights, name_); !done) return done.error();
    if (auto done = sync(file_.get(), name_); !done) return done.error();
    if (auto done = close(std::move(file_), name_); !done) return done.error();
    return hasher_.finish();
}

}  // namespace understudy
