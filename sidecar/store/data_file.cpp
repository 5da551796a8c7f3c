#include "store/data_file.hpp"

#include "files/files.hpp"
#include "store/map_size.hpp"
#include "store/page_check.hpp"

#include <algorithm>
#include <fcntl.h>
#include <optional>

namespace understudy {

namespace {

std::filesystem::path new_file_in(const std::filesystem::path& directory)
{
    return directory / "data.mdb.new";
}

void forget(const std::filesystem::path& file) noexcept
{
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
}

/// LMDB makes a new file only where there is none, and a sparse one; nothing is written through its map before
/// it is reserved.
outcome<void> write_new_file(const std::filesystem::path& file, const filler& fill)
{
    auto made = lmdb::environment::open(file, map_bytes_min, lmdb::environment::locking::off);
    if (!made) return made.error();
    if (auto reserved = reserve(made->descriptor(), file, map_bytes_min); !reserved) return reserved;
    auto writing = made->begin(lmdb::access::write);
    if (!writing) return writing.error();
    if (auto filled = fill(*writing); !filled) return filled;
    if (auto committed = writing->commit(); !committed) return committed;
    return sync(made->descriptor(), file);
}

outcome<void> write_copy(const lmdb::environment& open, const std::filesystem::path& file, std::uint64_t bytes)
{
    auto copy = open_file(file, O_WRONLY | O_CREAT | O_EXCL);
    if (!copy) return copy.error();
    if (auto copied = open.copy_compacted(copy->get()); !copied) return copied;
    auto size = size_of(copy->get(), file);
    if (!size) return size.error();
    if (auto reserved = reserve(copy->get(), file, std::max(*size, bytes)); !reserved) return reserved;
    return sync(copy->get(), file);
}

/// Gives holes their space, as a file has that was copied sparsely. On a full disk the unused end of the file is
/// given up instead: what is used has its space already, or the disk cannot hold the store.
outcome<std::uint64_t> reserve_again(const std::filesystem::path& path, const checked_file& found)
{
    auto file = open_file(path, O_RDWR);
    if (!file) return file.error();
    auto reserved = reserve(file->get(), path, found.file_bytes);
    if (reserved) return found.file_bytes;
    if (reserved.error().code != errc::disk_full) return reserved.error();
    if (::ftruncate(file->get(), static_cast<off_t>(found.used_bytes)) != 0)
        return system_failure(errno, "give back space", path);
    if (auto kept = reserve(file->get(), path, found.used_bytes); !kept) return kept.error();
    return found.used_bytes;
}

}  // namespace

std::filesystem::path data_file_in(const std::filesystem::path& directory)
{
    return directory / "data.mdb";
}

outcome<void> create_data_file(const std::filesystem::path& directory, const filler& fill)
{
    auto file = new_file_in(directory);
    forget(file);
    auto written = write_new_file(file, fill);
    if (written) written = replace_file(file, data_file_in(directory));
    if (!written) forget(file);
    return written;
}

outcome<lmdb::environment> open_data_file(const std::filesystem::path& directory)
{
    forget(new_file_in(directory));
    auto file = data_file_in(directory);
    auto checked = check_pages(file);
    if (!checked) return checked.error();
    auto bytes = reserve_again(file, *checked);
    if (!bytes) return bytes.error();
    return lmdb::environment::open(file, *bytes, lmdb::environment::locking::on);
}

outcome<void> grow_data_file(lmdb::environment& open, const std::filesystem::path& directory, std::uint64_t bytes)
{
    if (auto reserved = reserve(open.descriptor(), data_file_in(directory), bytes); !reserved) return reserved;
    return open.resize(bytes);
}

outcome<void> write_compacted(const lmdb::environment& open, const std::filesystem::path& directory,
                              std::uint64_t bytes)
{
    auto file = new_file_in(directory);
    forget(file);
    // Not even for a moment does a copy take the last space from others.
    std::error_code unknown;
    if (auto disk = std::filesystem::space(directory, unknown); !unknown && disk.available < bytes)
        return failure{errc::disk_full, file.native() + ": no room for a compacted copy"};
    auto written = write_copy(open, file, bytes);
    if (!written) forget(file);
    return written;
}

outcome<void> install_compacted(const std::filesystem::path& directory)
{
    return replace_file(new_file_in(directory), data_file_in(directory));
}

}  // namespace understudy
