#include "publish/status_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr std::size_t status_bytes_max = std::size_t{16} << 20;  // thousands of tables

outcome<void> write_temporary(const snapshot_directory& directory, const std::string& name, std::string_view text)
{
    auto file = create_file(directory.fd(), name);
    if (!file) return file.error();
    if (auto done = write_all(file->get(), text, status_file); !done) return done;
    const auto& rights = directory.rights();
    if (auto done = give_rights(file->get(), rights.mode, rights, status_file); !done) return done;
    return close(std::move(*file), status_file);
}

}  // namespace

outcome<void> write_status(const snapshot_directory& directory, const status_report& report)
{
    auto name = temporary_name();
    auto written = write_temporary(directory, name, to_json(report));
    if (written && ::renameat(directory.fd(), name.c_str(), directory.fd(), status_file) != 0)
        written = system_failure(errno, "replace", directory.path() / status_file);
    if (!written) remove_tree(directory.fd(), name);
    return written;
}

outcome<status_report> read_status(const std::filesystem::path& directory)
{
    auto opened = open_directory(AT_FDCWD, directory, symlinks::follow);
    if (!opened) return opened.error();
    auto text = read_file(opened->get(), status_file, status_bytes_max);
    if (!text) return text.error();
    return status_from_json(*text);
}

}  // namespace understudy
