#include "settings/secret_file.hpp"

#include "files/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr std::size_t secret_bytes_max = 65536;

failure complaint(const std::filesystem::path& file, std::string_view what)
{
    return {errc::bad_config, fmt::format("{}: {}", file.string(), what)};
}

failure system_complaint(const std::filesystem::path& file)
{
    return complaint(file, std::generic_category().message(errno));
}

/// What is wrong with the kind or mode of the file; empty if nothing.
std::string_view objection_to(const struct stat& status) noexcept
{
    if (!S_ISREG(status.st_mode)) return "not a regular file";
    if ((status.st_mode & S_IROTH) != 0) return "readable by everyone; take that away with chmod o-r";
    return {};
}

void cut_newline(std::string& text)
{
    if (!text.ends_with('\n')) return;
    text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
}

}  // namespace

outcome<std::string> read_secret_file(const std::filesystem::path& file)
{
    // Without O_NONBLOCK a FIFO would make us wait for ever before we can see what it is.
    descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status{};
    if (opened.get() < 0 || ::fstat(opened.get(), &status) != 0) return system_complaint(file);
    if (auto objection = objection_to(status); !objection.empty()) return complaint(file, objection);
    auto text = read_up_to(opened.get(), secret_bytes_max + 1);
    if (!text) return system_complaint(file);
    if (text->size() > secret_bytes_max) return complaint(file, "larger than a secret can be");
    cut_newline(*text);
    if (text->empty()) return complaint(file, "empty");
    if (text->find('\0') != text->npos) return complaint(file, "holds a zero byte");
    return std::move(*text);
}

}  // namespace understudy
