#pragma once

#include "core/error.hpp"
#include "publish/manifest.hpp"
#include "publish/document_index.hpp"
#include "serve/served_file.hpp"
#include "serve/served_table.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A table of a generation, with the place of its rows.
struct table_in_file {
    served_table table;
    std::shared_ptr<served_file> file;
    std::shared_ptr<const document_index> index;  ///< Owns what `rows` borrows.
    indexed_rows rows;
};

/// One generation, opened for reads: its tables stay readable as long as somebody holds this, whatever becomes of its
/// directory. One thread at a time, but for what prepare() does.
class served_generation {
public:
    /// Opens a generation of a snapshot directory. Files that are the same as in `former` (null: none) are not opened, and
    /// their blocks not checked, anew. Checks the manifest, sizes and the indexes' hashes: milliseconds.
    /// Errors: generation_damaged with what is wrong.
    static outcome<std::shared_ptr<const served_generation>> open(const std::filesystem::path& snapshot_directory,
                                                                  std::uint64_t number,
                                                                  const served_generation* former);

    /// As open, and compares the blocks of the files that `former` does not have, as long as `goes_on` says so. On a thread
    /// of its own while `former` is served on another.
    static outcome<std::shared_ptr<const served_generation>> prepare(const std::filesystem::path& snapshot_directory,
                                                                     std::uint64_t number,
                                                                     const served_generation& former,
                                                                     const std::function<bool()>& goes_on);

    const manifest& facts() const noexcept { return facts_; }

    /// By `schema.name` or by the name of its member (member_of); null if there is none, or it has no row file.
    const table_in_file* find_table(std::string_view name) const noexcept;

    /// False for a generation that was written when nothing was served: it has no row files.
    bool has_row_files() const noexcept { return !tables_.empty() || facts_.tables.empty(); }

    const std::vector<std::shared_ptr<served_file>>& files() const noexcept { return files_; }

private:
    explicit served_generation(manifest facts) : facts_{std::move(facts)} {}
    outcome<void> open_document(int directory, const manifest_document& document, const served_generation* former);
    outcome<void> add_tables(std::shared_ptr<served_file> file, std::shared_ptr<const document_index> index);

    manifest facts_;
    std::vector<std::shared_ptr<served_file>> files_;
    std::map<std::string, std::shared_ptr<const document_index>, std::less<>> indexes_;  ///< By the document's file.
    std::vector<table_in_file> tables_;
    std::map<std::string, std::size_t, std::less<>> names_;
};

}  // namespace understudy
