#include "publish/generation.hpp"

#include "publish/document_check.hpp"
#include "publish/document_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

std::optional<db_time> time_or_nothing(db_time time) noexcept
{
    return time == db_time{} ? std::nullopt : std::optional{time};
}

const manifest_document* find_document(const manifest* in, const std::string& file) noexcept
{
    if (in == nullptr) return nullptr;
    auto found = std::find_if(in->documents.begin(), in->documents.end(),
                              [&](const auto& document) { return document.file == file; });
    return found == in->documents.end() ? nullptr : &*found;
}

std::vector<std::string> key_names(const table_shape& shape)
{
    std::vector<std::string> names;
    for (auto place : shape.key) names.push_back(shape.columns[place].name);
    return names;
}

std::vector<manifest_column> described_columns(const table_shape& shape, const table_description& description)
{
    auto text_at = [](const std::vector<std::string>& texts, std::size_t i) {
        return i < texts.size() ? texts[i] : "";
    };
    std::vector<manifest_column> columns;
    for (std::size_t i = 0; i < shape.columns.size(); ++i) {
        const auto& from = shape.columns[i];
        columns.push_back(
            {from.name, from.type, from.typmod, text_at(description.kinds, i), text_at(description.losses, i)});
    }
    return columns;
}

/// One generation under construction, in a temporary directory that goes away with this unless it is renamed.
class generation_writer {
public:
    generation_writer(const snapshot_directory& directory, const generation_request& request)
        : directory_{directory}, request_{request}, name_{temporary_name()}
    {
    }
    generation_writer(const generation_writer&) = delete;
    generation_writer& operator=(const generation_writer&) = delete;
    ~generation_writer();

    outcome<manifest> write();

private:
    outcome<void> create();
    outcome<void> describe();
    outcome<manifest_table> describe(const table_record& table) const;
    outcome<void> write_documents();
    outcome<manifest_document> write_document(const document_plan& plan);
    outcome<manifest_document> write_file(const document_plan& plan);
    outcome<void> write_manifest();
    outcome<void> complete();

    bool known_unchanged(const document_plan& plan, const manifest_document& former) const;
    outcome<std::optional<document_index_writer>> create_index(const document_plan& plan) const;
    bool link(const manifest_document& former) const;
    bool link_with_index(const manifest_document& former) const;
    bool link_file(const std::string& file, std::uint64_t bytes) const;
    bool is_intact(const std::string& file, std::uint64_t bytes) const;
    bool is_undamaged(const manifest_document& former) const;
    std::string path_of(const std::string& file) const;

    const snapshot_directory& directory_;
    const generation_request& request_;
    std::string name_;  ///< Of the directory as long as it is to be removed.
    descriptor here_;
    manifest made_;
};

generation_writer::~generation_writer()
{
    if (!name_.empty()) remove_tree(directory_.generations_fd(), name_);
}

outcome<manifest> generation_writer::write()
{
    if (auto done = create(); !done) return done.error();
    if (auto done = describe(); !done) return done.error();
    if (auto done = write_documents(); !done) return done.error();
    if (auto done = write_manifest(); !done) return done.error();
    if (auto done = complete(); !done) return done.error();
    return std::move(made_);
}

outcome<void> generation_writer::create()
{
    if (::mkdirat(directory_.generations_fd(), name_.c_str(), 0700) != 0)
        return system_failure(errno, "make the directory", name_);
    // The umask may have taken away even our own rights.
    if (::fchmodat(directory_.generations_fd(), name_.c_str(), 0700, 0) != 0)
        return system_failure(errno, "change the mode", name_);
    auto opened = open_directory(directory_.generations_fd(), name_, symlinks::refuse);
    if (!opened) return opened.error();
    here_ = std::move(*opened);
    return boost::system::in_place_value;
}

outcome<void> generation_writer::describe()
{
    const auto& state = request_.rows.state();
    made_.generation = request_.number;
    made_.position = state.position.position;
    made_.content_as_of = time_or_nothing(state.position.content_as_of);
    made_.created_at = request_.created_at;
    made_.consistency = name_of(state.position.consistency);
    made_.source = source_of(state.identity);
    made_.offsets = request_.offsets;
    for (const auto& table : state.tables) {
        auto described = describe(table);
        if (!described) return described.error();
        made_.tables.push_back(std::move(*described));
    }
    return boost::system::in_place_value;
}

outcome<manifest_table> generation_writer::describe(const table_record& table) const
{
    auto rows = request_.rows.row_count(table.rows);
    if (!rows) return rows.error();
    auto found = request_.catalog.find(table.name);
    const auto description = found == request_.catalog.end() ? table_description{} : found->second;
    return manifest_table{.name = table.name,
                          .rows_epoch = table.rows,
                          .columns = described_columns(table.shape, description),
                          .key = key_names(table.shape),
                          .rows = *rows,
                          .left_out = description.left_out,
                          .doubts = description.doubts};
}

outcome<void> generation_writer::write_documents()
{
    for (const auto& plan : request_.documents) {
        auto written = write_document(plan);
        if (!written) return written.error();
        made_.documents.push_back(std::move(*written));
    }
    return boost::system::in_place_value;
}

outcome<manifest_document> generation_writer::write_document(const document_plan& plan)
{
    const auto* former = find_document(request_.previous, plan.file);
    if (former != nullptr && known_unchanged(plan, *former) && link_with_index(*former)) return *former;
    auto written = write_file(plan);
    if (!written || former == nullptr || former->content != written->content || former->bytes != written->bytes ||
        !is_undamaged(*former))
        return written;
    // Equal content stands at equal places: the index that was just written is good for the former file, too.
    auto linked = *former;
    linked.plan = plan.fingerprint;
    linked.withheld = written->withheld;  // not part of the text
    linked.index = written->index;
    ::unlinkat(here_.get(), plan.file.c_str(), 0);
    if (link(*former)) return linked;
    if (linked.index) ::unlinkat(here_.get(), linked.index->file.c_str(), 0);
    return write_file(plan);
}

bool generation_writer::known_unchanged(const document_plan& plan, const manifest_document& former) const
{
    if (request_.unchanged.since != request_.previous->generation || plan.fingerprint != former.plan) return false;
    return std::all_of(plan.epochs.begin(), plan.epochs.end(),
                       [&](epoch rows) { return request_.unchanged.rows.contains(rows); });
}

std::string generation_writer::path_of(const std::string& file) const
{
    return generation_name(request_.previous->generation) + "/" + file;
}

/// A file that was cut, replaced or given other rights cannot serve as the new generation's.
bool generation_writer::is_intact(const std::string& file, std::uint64_t bytes) const
{
    struct stat there{};
    const auto& rights = directory_.rights();
    if (::fstatat(directory_.generations_fd(), path_of(file).c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return false;
    return S_ISREG(there.st_mode) && static_cast<std::uint64_t>(there.st_size) == bytes &&
           (there.st_mode & 07777) == rights.mode &&
           there.st_uid == (rights.owner == static_cast<uid_t>(-1) ? ::geteuid() : rights.owner) &&
           (rights.group == static_cast<gid_t>(-1) || there.st_gid == rights.group);
}

/// Reads all of it. Bytes may have changed on the disk since, and what was written just now is right.
bool generation_writer::is_undamaged(const manifest_document& former) const
{
    if (!is_intact(former.file, former.bytes)) return false;
    auto there =
        open_directory(directory_.generations_fd(), generation_name(request_.previous->generation), symlinks::refuse);
    if (!there) return false;
    std::vector<std::string> differences;
    check_content(there->get(), former, differences);
    return differences.empty();
}

bool generation_writer::link_file(const std::string& file, std::uint64_t bytes) const
{
    return is_intact(file, bytes) &&
           ::linkat(directory_.generations_fd(), path_of(file).c_str(), here_.get(), file.c_str(), 0) == 0;
}

bool generation_writer::link(const manifest_document& former) const
{
    return link_file(former.file, former.bytes);
}

bool generation_writer::link_with_index(const manifest_document& former) const
{
    if (!link(former)) return false;
    if (!former.index || link_file(former.index->file, former.index->bytes)) return true;
    ::unlinkat(here_.get(), former.file.c_str(), 0);
    return false;
}

outcome<std::optional<document_index_writer>> generation_writer::create_index(const document_plan& plan) const
{
    std::optional<document_index_writer> made;
    if (!plan.has_index()) return made;
    auto name = index_file_of(plan.file);
    auto created = create_file(here_.get(), name);
    if (!created) return created.error();
    made.emplace(std::move(*created), std::move(name));
    return made;
}

outcome<manifest_document> generation_writer::write_file(const document_plan& plan)
{
    auto created = create_file(here_.get(), plan.file);
    if (!created) return created.error();
    document_file file{std::move(*created), plan.file, directory_.reserve_bytes()};
    auto index = create_index(plan);
    if (!index) return index.error();
    document_header header{request_.number, made_.position, made_.content_as_of};
    auto rows = understudy::write_document(request_.rows, plan, header, file, *index ? &**index : nullptr);
    if (!rows) return rows.error();
    auto digest = file.finish(directory_.rights());
    if (!digest) return digest.error();
    std::optional<index_digest> indexed;
    if (*index) {
        auto finished = (*index)->finish(directory_.rights());
        if (!finished) return finished.error();
        indexed = std::move(*finished);
    }
    return manifest_document{.file = plan.file,
                             .bytes = digest->bytes,
                             .rows = *rows,
                             .sha256 = std::move(digest->sha256),
                             .blocks = std::move(digest->blocks),
                             .content = std::move(digest->content),
                             .plan = plan.fingerprint,
                             .generation = request_.number,
                             .withheld = file.withheld(),
                             .index = std::move(indexed)};
}

outcome<void> generation_writer::write_manifest()
{
    auto created = create_file(here_.get(), manifest_file);
    if (!created) return created.error();
    if (auto done = write_all(created->get(), to_json(made_), manifest_file); !done) return done;
    const auto& rights = directory_.rights();
    if (auto done = give_rights(created->get(), rights.mode, rights, manifest_file); !done) return done;
    if (auto done = sync(created->get(), manifest_file); !done) return done;
    return close(std::move(*created), manifest_file);
}

outcome<void> generation_writer::complete()
{
    const auto& rights = directory_.rights();
    auto number = generation_name(request_.number);
    auto where = directory_.path() / "generations" / number;
    if (auto done = give_rights(here_.get(), rights.directory_mode(), rights, where); !done) return done;
    if (auto done = sync(here_.get(), where); !done) return done;
    auto parent = directory_.generations_fd();
    if (::renameat2(parent, name_.c_str(), parent, number.c_str(), RENAME_NOREPLACE) != 0)
        return system_failure(errno, "rename into place", where);
    // Until the parent is durable too, a failure removes the generation under its new name.
    name_ = number;
    if (auto done = sync(parent, directory_.path() / "generations"); !done) return done;
    name_.clear();
    return boost::system::in_place_value;
}

}  // namespace

source_identity source_of(const store_identity& stored)
{
    return {stored.is_kafka() ? "kafka" : "postgres",
            stored.system_id,
            stored.timeline,
            stored.database,
            stored.slot,
            stored.publication};
}

outcome<manifest> write_generation(snapshot_directory& directory, const generation_request& request)
{
    if (request.previous != nullptr && request.number <= request.previous->generation)
        return failure{errc::internal,
                       fmt::format("generation {} cannot follow {}", request.number, request.previous->generation)};
    auto presence = directory.ensure();
    if (!presence) return presence.error();
    auto usable = request;
    if (*presence == snapshot_directory::presence::made_again) usable.previous = nullptr;
    return generation_writer{directory, usable}.write();
}

}  // namespace understudy
