#include "serve/served_file.hpp"

#include "publish/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

served_file::served_file(descriptor file, manifest_document document)
    : file_{std::move(file)}, document_{std::move(document)}, checked_(document_.blocks.size())
{
}

failure served_file::damaged(std::string_view why) const
{
    return {errc::generation_damaged, fmt::format("{}: {}", document_.file, why)};
}

outcome<std::shared_ptr<served_file>> served_file::open(int directory, const manifest_document& document)
{
    descriptor file{::openat(directory, document.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat facts{};
    std::shared_ptr<served_file> made{new served_file{std::move(file), document}};
    if (made->file_.get() < 0 || ::fstat(made->file_.get(), &facts) != 0) return made->damaged(std::strerror(errno));
    if (!S_ISREG(facts.st_mode)) return made->damaged("not a regular file");
    if (static_cast<std::uint64_t>(facts.st_size) != document.bytes)
        return made->damaged(fmt::format("{} bytes instead of {}", facts.st_size, document.bytes));
    if (document.blocks.size() != (document.bytes + block_bytes - 1) / block_bytes)
        return made->damaged("the manifest does not have a hash of each block");
    return made;
}

outcome<void> served_file::read(std::uint64_t start, std::size_t size, std::string& into)
{
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, document_.bytes - std::min(start, document_.bytes)));
    if (size == 0) {
        into.clear();
        return boost::system::in_place_value;
    }
    for (auto block = start / block_bytes; block <= (start + size - 1) / block_bytes; ++block)
        if (!checked_[block])
            if (auto good = check_block(block); !good) return good;
    return read_exactly(start, size, into);
}

outcome<bool> served_file::check_next_block()
{
    if (checked_.empty()) return false;
    if (auto good = check_block(next_block_); !good) return good.error();
    next_block_ = (next_block_ + 1) % checked_.size();
    return next_block_ != 0;
}

outcome<bool> served_file::check_new_block()
{
    auto next = std::find(checked_.begin(), checked_.end(), false);
    if (next == checked_.end()) return false;
    if (auto good = check_block(static_cast<std::size_t>(next - checked_.begin())); !good) return good.error();
    return true;
}

outcome<void> served_file::check_block(std::size_t block)
{
    auto start = block * block_bytes;
    auto size = static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, document_.bytes - start));
    if (auto got = read_exactly(start, size, block_); !got) return got;
    checked_[block] = sha256_hex(block_) == document_.blocks[block];
    if (checked_[block]) return boost::system::in_place_value;
    return damaged(fmt::format("block {} (from byte {}) has another SHA-256 than in the manifest", block, start));
}

outcome<void> served_file::read_exactly(std::uint64_t start, std::size_t size, std::string& into) const
{
    into.resize(size);
    for (std::size_t used = 0; used < size;) {
        auto got = ::pread(file_.get(), into.data() + used, size - used, static_cast<off_t>(start + used));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return damaged(std::strerror(errno));
        if (got == 0) return damaged("it was cut while it was read");
        used += static_cast<std::size_t>(got);
    }
    return boost::system::in_place_value;
}

}  // namespace understudy
