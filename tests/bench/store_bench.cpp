// Prints how many rows a second the store loads, updates and reads. Usage: bench_store [directory] [rows]

#include "core/row_tuple.hpp"
#include "store/store.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <random>

using namespace understudy;

namespace {

constexpr std::size_t load_bytes = std::size_t{8} << 20;
constexpr int groups = 10;
constexpr int group_rows = 50'000;

template <class Outcome>
auto need(Outcome done)
{
    if (done) return done;
    fmt::print(stderr, "{}: {}\n", name_of(done.error().code), done.error().text);
    std::exit(1);
}

class stopwatch {
public:
    void report(const char* what, double rows) const
    {
        std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started_;
        auto cpu = static_cast<double>(std::clock() - cpu_started_) / CLOCKS_PER_SEC;
        fmt::print("{:16} {:8.3f} s, of it CPU {:8.3f} s {:10.0f} rows/s\n", what, taken.count(), cpu,
                   rows / taken.count());
    }

private:
    std::clock_t cpu_started_ = std::clock();
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

void put_row(change_batch& batch, epoch rows, int number, int version)
{
    std::string tuple;
    append_fragment(tuple, fmt::format("{}", number));
    append_fragment(tuple, fmt::format("\"version {}\"", version));
    append_fragment(tuple, std::string(180, 'x'));
    batch.put(rows, fmt::format("{:08}", number), tuple);
}

void load(store& to, epoch rows, int count)
{
    change_batch batch;
    stopwatch clock;
    for (int number = 0; number < count; ++number) {
        put_row(batch, rows, number, 0);
        if (batch.memory_bytes() < load_bytes && number + 1 < count) continue;
        need(to.load(rows, batch));
        batch.reset();
    }
    auto state = to.state();
    table_record table;
    table.rows = rows;
    state.tables = {table};
    need(to.write_state(state));
    clock.report("load", count);
}

void update(store& to, epoch rows, int count)
{
    std::mt19937 random{1};
    change_batch batch;
    for (int group = 1; group <= groups; ++group) {
        batch.reset();
        for (int row = 0; row < group_rows; ++row)
            put_row(batch, rows, static_cast<int>(random() % static_cast<unsigned>(count)), group);
        stopwatch clock;
        need(to.commit_group(batch, {}));
        clock.report("random updates", group_rows);
    }
}

void scan(store& from, epoch rows)
{
    stopwatch clock;
    auto snapshot = need(from.read());
    double count = 0;
    need((*snapshot)->each_row(rows, [&](std::string_view, std::string_view, std::uint64_t) -> outcome<void> {
        ++count;
        return {};
    }));
    clock.report("read", count);
}

}  // namespace

int main(int argc, char** argv)
{
    std::filesystem::path directory = argc > 1 ? argv[1] : "/tmp/understudy-bench";
    int count = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
    auto opened = need(store::open({.directory = directory, .any_filesystem = true}));
    auto rows = need((*opened)->create_epoch());
    load(**opened, *rows, count);
    update(**opened, *rows, count);
    scan(**opened, *rows);
    auto size = (*opened)->size();
    fmt::print("file {} MiB, live {} MiB\n", size.file_bytes >> 20, size.live_bytes >> 20);
}
