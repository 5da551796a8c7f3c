// What nesting costs: to make the index, to keep it, and to publish with it, beside the same rows one after the other.
// Usage: bench_nest DIRECTORY [PARENTS]: five children each, all over their table. Leaves a store there.

#include "core/row_tuple.hpp"
#include "publish/document_writer.hpp"
#include "render/key_bytes.hpp"
#include "store/store.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <random>

#include <fcntl.h>

using namespace understudy;

namespace {

constexpr oid int8 = 20;
constexpr oid text = 25;
constexpr int children_each = 5;
constexpr int group_rows = 50'000;

template <class Outcome>
auto need(Outcome done)
{
    if (done) return done;
    fmt::print(stderr, "{}: {}\n", name_of(done.error().code), done.error().text);
    std::exit(1);
}

template <class Work>
void timed(const char* what, Work work)
{
    auto begin = std::chrono::steady_clock::now();
    auto used = std::clock();
    work();
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    auto cpu = static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC;
    fmt::print("{:40} {:8.3f} s, of it CPU {:8.3f} s\n", what, taken.count(), cpu);
}

std::string key_of(int id)
{
    std::string key;
    append_integer_key(std::int64_t{id}, key);
    return key;
}

void put_child(change_batch& batch, epoch rows, int id, int parent, std::string_view body)
{
    std::string tuple;
    append_fragment(tuple, std::to_string(id));
    append_fragment(tuple, std::to_string(parent));
    append_fragment(tuple, fmt::format("\"{:100}\"", body));
    batch.put(rows, key_of(id), tuple);
}

table_record add_table(store& to, const std::string& name, std::vector<column> columns)
{
    table_record table;
    table.name = {"public", name};
    table.shape.columns = std::move(columns);
    table.shape.key = {0};
    table.rows = *need(to.create_epoch());
    return table;
}

void fill(store& to, const table_record& parents, const table_record& children, int count)
{
    change_batch batch;
    for (int id = 0; id < count; ++id) {
        std::string tuple;
        append_fragment(tuple, std::to_string(id));
        append_fragment(tuple, fmt::format("\"parent {}\"", id));
        batch.put(parents.rows, key_of(id), tuple);
    }
    need(to.load(parents.rows, batch));
    std::mt19937 random{1};
    batch.reset();
    for (int id = 0; id < count * children_each; ++id) {
        put_child(batch, children.rows, id, static_cast<int>(random() % static_cast<unsigned>(count)), "first");
        if (batch.memory_bytes() < std::size_t{8} << 20 && id + 1 < count * children_each) continue;
        need(to.load(children.rows, batch));
        batch.reset();
    }
}

void update(store& to, const table_record& children, int count, bool move)
{
    static int version = 0;
    std::mt19937 random{static_cast<unsigned>(++version)};
    change_batch batch;
    for (int row = 0; row < group_rows; ++row) {
        auto id = static_cast<int>(random() % static_cast<unsigned>(count * children_each));
        std::string tuple;
        append_fragment(tuple, std::to_string(id));
        if (move)
            append_fragment(tuple, std::to_string(random() % static_cast<unsigned>(count)));
        else
            append_unchanged(tuple);
        append_fragment(tuple, fmt::format("\"{:100}\"", version));
        batch.put(children.rows, key_of(id), tuple);
    }
    need(to.commit_group(batch, {}));
}

void publish(store& from, const document_plan& plan, const std::filesystem::path& path)
{
    auto rows = need(from.read());
    auto file = need(create_file(AT_FDCWD, path.string()));
    document_file into{std::move(*file), path, 0};
    need(write_document(**rows, plan, {}, into, nullptr));
    need(into.finish({}));
    std::filesystem::remove(path);
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 2) return 2;
    std::filesystem::path directory = argv[1];
    int count = argc > 2 ? std::atoi(argv[2]) : 200'000;
    auto opened = need(store::open({.directory = directory, .any_filesystem = true}));
    auto& rows = **opened;
    auto parents = add_table(rows, "parents", {{"id", int8}, {"name", text}});
    auto children = add_table(rows, "children", {{"id", int8}, {"parent", int8}, {"body", text}});
    fill(rows, parents, children, count);
    auto state = rows.state();
    state.tables = {parents, children};
    need(rows.write_state(state));

    document_table child;
    child.table = "public.children";
    child.by = {"parent"};
    document_table parent;
    parent.table = "public.parents";
    parent.nest = {child};
    std::vector<document_settings> documents{{"flat.json", false, {}}, {"nested.json", false, {parent}}};
    auto plans = need(plan_documents(documents, state.tables));
    auto file = directory / "document";
    timed("50,000 updates without an index", [&] { update(rows, children, count, false); });
    timed("50,000 children moved without an index", [&] { update(rows, children, count, true); });
    timed("publish the tables one after the other", [&] { publish(rows, (*plans)[0], file); });
    timed("make the index", [&] { need(rows.keep_indexes(indexes_of(*plans))); });
    timed("50,000 updates with it", [&] { update(rows, children, count, false); });
    timed("50,000 children moved with it", [&] { update(rows, children, count, true); });
    timed("publish the tables one after the other", [&] { publish(rows, (*plans)[0], file); });
    timed("publish them nested", [&] { publish(rows, (*plans)[1], file); });
}
