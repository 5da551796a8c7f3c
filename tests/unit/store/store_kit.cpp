#include "store_kit.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace understudy::store_kit {

scratch_directory::scratch_directory(const std::filesystem::path& parent)
{
    auto name = (parent / "understudy-store-XXXXXX").native();
    BOOST_TEST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

scratch_directory::~scratch_directory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<store> open_store(const scratch_directory& directory)
{
    auto opened = store::open({.directory = directory.path(), .any_filesystem = true});
    require(opened);
    return std::move(*opened);
}

std::string tuple(const std::vector<std::string_view>& values)
{
    std::string made;
    for (auto value : values) {
        if (value == "~")
            append_unchanged(made);
        else if (value.empty())
            append_null(made);
        else
            append_fragment(made, value);
    }
    return made;
}

std::string text_of(std::string_view tuple)
{
    tuple_reader reader{tuple};
    std::string text;
    for (const char* comma = ""; auto field = reader.next(); comma = ",") {
        text += comma;
        if (field->what == tuple_field::kind::fragment) text += field->fragment;
        if (field->what == tuple_field::kind::unchanged) text += "~";
    }
    return text;
}

stored_position position_at(std::uint64_t lsn_value)
{
    stored_position position;
    position.position = lsn{lsn_value};
    position.keepalive = lsn{lsn_value / 2};
    position.last = {.commit = lsn{lsn_value - 8}, .end = lsn{lsn_value}, .xid = 7, .commit_us = -5, .content = 99};
    position.awaited = {.token = lsn_value + 3, .by = lsn{lsn_value + 5}};
    position.content_as_of = db_time{std::chrono::microseconds{1'700'000'000'000'000}};
    return position;
}

table_record table_of(epoch rows, row_identity identity)
{
    table_record table;
    table.relation = static_cast<oid>(16384 + rows);
    table.name = {"public", fmt::format("t{}", rows)};
    table.shape.columns = {{"id", 23, -1}, {"body", 1043, 24}};
    table.shape.identity = identity;
    if (identity == row_identity::key) table.shape.key = {0};
    table.rows = rows;
    table.valid_from = lsn{rows};
    table.fingerprint = "print";
    return table;
}

epoch add_table(store& to, row_identity identity)
{
    auto made = to.create_epoch();
    require(made);
    auto state = to.state();
    state.identity.system_id = "7301";
    state.tables.push_back(table_of(*made, identity));
    require(to.write_state(state));
    return *made;
}

std::vector<std::string> rows_of(const read_snapshot& snapshot, epoch rows)
{
    std::vector<std::string> found;
    auto visited =
        snapshot.each_row(rows, [&](std::string_view, std::string_view row, std::uint64_t count) -> outcome<void> {
            found.push_back(text_of(row) + (count == 1 ? "" : fmt::format("*{}", count)));
            return {};
        });
    require(visited);
    return found;
}

std::vector<std::string> rows_of(store& from, epoch rows)
{
    auto snapshot = from.read();
    require(snapshot);
    return rows_of(**snapshot, rows);
}

}  // namespace understudy::store_kit
