#include "failing_calls.hpp"

#include <cerrno>

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace understudy {

namespace {

// One plan for the process: the wrapped functions have no other way to it. Tests are single-threaded where it acts.
struct plan {
    bool armed = false;
    int left = 0;
    int error = 0;
    std::string calls;
    std::string failed;
    int unsynced = -1;  ///< Held open, so that its inode number is not given to another file.
    bool synced_again = false;
};
plan current;

bool fails(const char* call)
{
    if (!current.armed) return false;
    current.calls += (current.calls.empty() ? "" : " ") + std::string{call};
    if (--current.left != 0) return false;
    current.failed = call;
    errno = current.error;
    return true;
}

/// Directories may be synced again: the next generation is a new entry in them.
bool same_file_again(int a, int b)
{
    struct stat left{};
    struct stat right{};
    return ::fstat(a, &left) == 0 && ::fstat(b, &right) == 0 && S_ISREG(left.st_mode) && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

}  // namespace

failing_calls::failing_calls(int nth, int error)
{
    current = {};
    current.armed = true;
    current.left = nth;
    current.error = error;
}

failing_calls::~failing_calls()
{
    current.armed = false;
    if (current.unsynced >= 0) ::close(current.unsynced);
    current.unsynced = -1;
}

const std::string& failing_calls::failed() const noexcept
{
    return current.failed;
}

const std::string& failing_calls::calls() const noexcept
{
    return current.calls;
}

bool failing_calls::synced_again() const noexcept
{
    return current.synced_again;
}

}  // namespace understudy

// The names are the linker's: see --wrap in ld(1).
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

using understudy::current;
using understudy::fails;

ssize_t __real_write(int fd, const void* bytes, size_t size);
int __real_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __real_mkdirat(int fd, const char* name, mode_t mode);
int __real_renameat(int from, const char* old_name, int to, const char* new_name);
int __real_renameat2(int from, const char* old_name, int to, const char* new_name, unsigned flags);
int __real_symlinkat(const char* target, int fd, const char* name);
int __real_close(int fd);

ssize_t __wrap_write(int fd, const void* bytes, size_t size)
{
    return fails("write") ? -1 : __real_write(fd, bytes, size);
}

int __wrap_fsync(int fd)
{
    if (current.unsynced >= 0 && understudy::same_file_again(fd, current.unsynced)) current.synced_again = true;
    if (!fails("fsync")) return __real_fsync(fd);
    auto error = errno;
    current.unsynced = ::dup(fd);
    errno = error;
    return -1;
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return fails("fchmod") ? -1 : __real_fchmod(fd, mode);
}

int __wrap_mkdirat(int fd, const char* name, mode_t mode)
{
    return fails("mkdirat") ? -1 : __real_mkdirat(fd, name, mode);
}

int __wrap_renameat(int from, const char* old_name, int to, const char* new_name)
{
    return fails("renameat") ? -1 : __real_renameat(from, old_name, to, new_name);
}

int __wrap_renameat2(int from, const char* old_name, int to, const char* new_name, unsigned flags)
{
    return fails("renameat2") ? -1 : __real_renameat2(from, old_name, to, new_name, flags);
}

int __wrap_symlinkat(const char* target, int fd, const char* name)
{
    return fails("symlinkat") ? -1 : __real_symlinkat(target, fd, name);
}

/// As Linux does, a close that fails has closed all the same.
int __wrap_close(int fd)
{
    auto failed = fails("close");
    auto error = errno;
    auto answer = __real_close(fd);
    if (!failed) return answer;
    errno = error;
    return -1;
}
}
// NOLINTEND(bugprone-reserved-identifier)
