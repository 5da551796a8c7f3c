#include "unit/readers/vector_builder.hpp"

#include "publish/announcement.hpp"
#include "publish/document_plan.hpp"
#include "publish/generation.hpp"
#include "publish/generation_check.hpp"
#include "publish/snapshot_directory.hpp"
#include "publish/status_file.hpp"
#include "unit/publish/memory_rows.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace understudy {

namespace fs = std::filesystem;

namespace {

template <class T>
T must(outcome<T> got)
{
    if (!got) throw std::runtime_error{got.error().text};
    if constexpr (!std::is_void_v<T>) return std::move(*got);
}

constexpr oid int4_type = 23;
constexpr oid numeric_type = 1700;

memory_rows rows_of(const vector_generation& wanted)
{
    memory_rows rows;
    auto& state = rows.change_state();
    auto materials = rows.add_table({"public", "materials"}, {"id", "name", "price"});
    rows.add_table({"public", "suppliers"}, {"id", "name"});
    for (auto& table : state.tables) table.shape.columns.front().type = int4_type;
    state.tables.front().shape.columns.back().type = numeric_type;
    for (const auto& [id, name, price] : wanted.materials) rows.add_row(materials, {id, name, price});
    state.position.position = wanted.position;
    state.position.content_as_of = vector_content_as_of;
    state.identity = {wanted.system_id, 1, wanted.database, "understudy", "understudy", ""};
    return rows;
}

// What the lock is for ends with this process; what a repository keeps is readable and writable.
void tidy(const fs::path& directory)
{
    fs::remove(directory / ".lock");
    fs::permissions(directory, fs::perms{0755});
    for (const auto& entry : fs::recursive_directory_iterator{directory})
        if (!entry.is_symlink()) fs::permissions(entry, entry.is_directory() ? fs::perms{0755} : fs::perms{0644});
}

}  // namespace

void vector_directory::publish(const vector_generation& wanted)
{
    snapshot_settings settings;
    settings.directory = path_;
    auto directory = must(snapshot_directory::open(settings));
    auto rows = rows_of(wanted);
    auto plans = must(plan_documents(wanted.documents, rows.state().tables));
    auto previous = load_current(path_);
    generation_request request{.rows = rows, .documents = plans};
    request.number = wanted.number;
    request.created_at = vector_content_as_of + std::chrono::seconds{1};
    request.previous = previous ? &*previous : nullptr;
    must(write_generation(directory, request));
    must(announce(directory, wanted.number));
    tidy(path_);
}

void vector_directory::say(const vector_status& wanted) const
{
    status_report report;
    report.state = "streaming";
    report.heartbeat = vector_now - std::chrono::milliseconds{400};
    report.since = vector_content_as_of - std::chrono::hours{2};
    report.generation = wanted.generation;
    report.position = wanted.position;
    report.content_as_of = wanted.generation == 0 ? std::nullopt : std::optional{vector_content_as_of};
    report.current_as_of = wanted.current_as_of;
    report.clock_offset_ms = wanted.clock_offset_ms;
    report.lag_bytes = 0;
    report.lag_seconds = 0;
    report.source.connected = true;
    report.source.slot = "understudy";
    report.source.server_version = "15.18";
    report.source.retained_bytes = 0;
    report.source.wal_status = "reserved";
    report.cadence.rule = "nothing_changed";
    report.tables = {{{"public", "materials"}, 2, "current", std::nullopt},
                     {{"public", "suppliers"}, 0, "current", std::nullopt}};
    report.store_bytes = 1 << 20;
    report.pid = 4711;
    report.version = "0.1.0";
    fs::create_directories(path_);
    put_text(path_ / status_file, to_json(report));
}

void vector_directory::edit(const std::string& file,
                            const std::function<std::optional<std::string>(std::string)>& change) const
{
    auto path = path_ / file;
    auto changed = change(text_of(path));
    fs::remove(path);  // it may be a link to the same file of another generation
    if (changed) put_text(path, *changed);
}

void vector_directory::point_current_at(const std::string& target) const
{
    fs::remove(path_ / current_link);
    fs::create_directory_symlink(target, path_ / current_link);
}

std::string text_of(const fs::path& file)
{
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + file.string()};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void put_text(const fs::path& file, const std::string& text)
{
    std::ofstream out{file, std::ios::binary};
    if (!(out << text)) throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace understudy
