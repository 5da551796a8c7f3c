#include "publish/generation_check.hpp"

#include "publish/announcement.hpp"
#include "publish/document_check.hpp"

#include <fmt/format.h>

#include <fcntl.h>

namespace understudy {

namespace {

constexpr std::size_t manifest_bytes_max = std::size_t{256} << 20;  // a block's hash takes 67 bytes: 4 TiB

outcome<manifest> read_manifest(int directory)
{
    auto text = read_file(directory, manifest_file, manifest_bytes_max);
    if (!text) return failure{errc::generation_damaged, text.error().text};
    return manifest_from_json(*text);
}

/// A manifest is a file like any other: a name in it must not lead out of the generation.
bool plain_name(const std::string& file) noexcept
{
    return !file.empty() && file.find('/') == file.npos && file != "." && file != "..";
}

void check_document(int directory, const manifest_document& document, check_depth depth,
                    std::vector<std::string>& differences)
{
    if (!plain_name(document.file) || (document.index && !plain_name(document.index->file))) {
        differences.emplace_back("the manifest names a document that is no file name");
        return;
    }
    if (depth == check_depth::quick)
        check_size(directory, document, differences);
    else
        check_content(directory, document, differences);
}

}  // namespace

generation_report verify_generation(const std::filesystem::path& generation, check_depth depth)
{
    generation_report report;
    auto directory = open_directory(AT_FDCWD, generation, symlinks::follow);
    if (!directory) {
        report.differences.push_back(directory.error().text);
        return report;
    }
    auto read = read_manifest(directory->get());
    if (!read) {
        report.differences.push_back(read.error().text);
        return report;
    }
    report.found = std::move(*read);
    for (const auto& document : report.found->documents)
        check_document(directory->get(), document, depth, report.differences);
    return report;
}

bool is_announced_whole(const std::filesystem::path& snapshot_directory, const manifest& expected)
{
    auto announced = load_current(snapshot_directory);
    return announced && *announced == expected;
}

outcome<manifest> load_current(const std::filesystem::path& snapshot_directory)
{
    auto number = read_current(snapshot_directory);
    if (!number) return number.error();
    auto report = verify_generation(snapshot_directory / "generations" / generation_name(*number), check_depth::quick);
    if (report.good() && report.found->generation != *number)
        report.differences.push_back(fmt::format("its manifest is that of generation {}", report.found->generation));
    if (report.good()) return std::move(*report.found);
    return failure{errc::generation_damaged, fmt::format("generation {}: {}", *number, report.differences.front())};
}

}  // namespace understudy
