#include "serve/served_generation.hpp"

#include "publish/digest.hpp"
#include "publish/generation_check.hpp"
#include "publish/snapshot_directory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <fcntl.h>

namespace understudy {

namespace {

failure damaged(std::string why)
{
    return {errc::generation_damaged, std::move(why)};
}

/// The former generation's file, where this document is a hard link to it.
std::shared_ptr<served_file> same_file(const served_generation* former, const manifest_document& document)
{
    if (former == nullptr) return nullptr;
    for (const auto& file : former->files()) {
        const auto& there = file->document();
        if (there.file == document.file && there.generation == document.generation && there.sha256 == document.sha256 &&
            there.index == document.index)
            return file;
    }
    return nullptr;
}

outcome<std::shared_ptr<const document_index>> read_index(int directory, const manifest_document& document)
{
    auto text = read_file(directory, document.index->file, document.index->bytes);
    if (!text) return damaged(text.error().text);
    if (sha256_hex(*text) != document.index->sha256)
        return damaged(document.index->file + ": another SHA-256 than in the manifest");
    auto parsed = document_index::parse(std::move(*text), document.bytes);
    if (!parsed) return damaged(fmt::format("{}: {}", document.index->file, parsed.error().text));
    return std::make_shared<const document_index>(std::move(*parsed));
}

}  // namespace

outcome<std::shared_ptr<const served_generation>> served_generation::open(
    const std::filesystem::path& snapshot_directory, std::uint64_t number, const served_generation* former)
{
    auto path = snapshot_directory / "generations" / generation_name(number);
    auto report = verify_generation(path, check_depth::quick);
    if (report.good() && report.found->generation != number)
        report.differences.push_back(fmt::format("its manifest is that of generation {}", report.found->generation));
    if (!report.good()) return damaged(fmt::format("generation {}: {}", number, report.differences.front()));
    auto directory = open_directory(AT_FDCWD, path, symlinks::follow);
    if (!directory) return damaged(directory.error().text);
    std::shared_ptr<served_generation> made{new served_generation{std::move(*report.found)}};
    for (const auto& document : made->facts_.documents)
        if (document.index)
            if (auto opened = made->open_document(directory->get(), document, former); !opened) return opened.error();
    return std::shared_ptr<const served_generation>{std::move(made)};
}

outcome<std::shared_ptr<const served_generation>> served_generation::prepare(
    const std::filesystem::path& snapshot_directory, std::uint64_t number, const served_generation& former,
    const std::function<bool()>& goes_on)
{
    auto opened = open(snapshot_directory, number, &former);
    if (!opened) return opened;
    for (const auto& file : (*opened)->files()) {
        if (std::ranges::find(former.files(), file) != former.files().end()) continue;
        for (bool more = true; more && goes_on();) {
            auto checked = file->check_new_block();
            if (!checked) return checked.error();
            more = *checked;
        }
    }
    return opened;
}

outcome<void> served_generation::open_document(int directory, const manifest_document& document,
                                               const served_generation* former)
{
    if (auto known = same_file(former, document))
        return add_tables(std::move(known), former->indexes_.at(document.file));
    auto file = served_file::open(directory, document);
    if (!file) return file.error();
    auto index = read_index(directory, document);
    if (!index) return index.error();
    return add_tables(std::move(*file), std::move(*index));
}

outcome<void> served_generation::add_tables(std::shared_ptr<served_file> file,
                                            std::shared_ptr<const document_index> index)
{
    for (const auto& table : index->tables()) {
        auto facts = std::ranges::find(facts_.tables, table.name, &manifest_table::name);
        if (facts == facts_.tables.end())
            return damaged(fmt::format("{}: its index has a table that the manifest has not", file->document().file));
        names_.try_emplace(to_string(table.name), tables_.size());
        names_.try_emplace(member_of(table.name), tables_.size());
        tables_.push_back({served_table{*facts}, file, index, table.rows});
    }
    indexes_.emplace(file->document().file, std::move(index));
    files_.push_back(std::move(file));
    return boost::system::in_place_value;
}

const table_in_file* served_generation::find_table(std::string_view name) const noexcept
{
    auto found = names_.find(name);
    return found == names_.end() ? nullptr : &tables_[found->second];
}

}  // namespace understudy
