// How long a generation takes beside `cp` and fsync of the same file.
// publish_bench DIRECTORY [ROWS]: writes about 220 bytes a row there, several times, and removes it again. Both
// write into memory that the kernel has at hand: in a virtual machine, pages that are new to it cost far more.
#include "core/row_tuple.hpp"
#include "publish/generation.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <unistd.h>

using namespace understudy;

namespace {

/// Rows that are made once and stand one after the other, as in a store's pages.
class bench_rows final : public read_snapshot {
public:
    explicit bench_rows(std::uint64_t rows)
    {
        table_record table;
        table.name = {"public", "materials"};
        for (auto name : {"id", "name", "supplier", "price", "created_at", "note"})
            table.shape.columns.push_back({name, 25, -1});
        table.shape.key = {0};
        table.rows = 1;
        state_.tables.push_back(table);
        for (std::uint64_t i = 0; i < rows; ++i) add(i);
    }

    const store_state& state() const noexcept override { return state_; }
    outcome<std::uint64_t> row_count(epoch) const override { return tuples_.size(); }
    outcome<void> each_row(epoch, const visitor& visit) const override
    {
        for (const auto& tuple : tuples_)
            if (auto done = visit(tuple.substr(0, 8), tuple, 1); !done) return done;
        return boost::system::in_place_value;
    }

    outcome<std::unique_ptr<row_lookup>> look_up_by_key(epoch) const override
    {
        return failure{errc::internal, "nothing is nested here"};
    }
    outcome<std::unique_ptr<row_lookup>> look_up(const row_index&) const override
    {
        return failure{errc::internal, "nothing is nested here"};
    }

private:
    void add(std::uint64_t id)
    {
        std::string tuple;
        append_fragment(tuple, std::to_string(id));
        append_fragment(tuple, fmt::format("\"material number {}\"", id));
        append_fragment(tuple, std::to_string(id % 977));
        append_fragment(tuple, fmt::format("{}.{:02}", id % 1000, id % 100));
        append_fragment(tuple, "\"2026-11-23T00:00:00.123456+00:00\"");
        append_fragment(tuple, '"' + std::string(90, static_cast<char>('a' + id % 26)) + '"');
        tuples_.push_back(std::move(tuple));
    }

    store_state state_;
    std::vector<std::string> tuples_;
};

template <class Work>
double seconds(Work work)
{
    auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Of all threads; what stays comparable on a busy machine.
double processor_seconds()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void copy_durably(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (std::system(fmt::format("cp {} {}", from.string(), to.string()).c_str()) != 0) std::exit(1);
    descriptor file{::open(to.c_str(), O_RDWR | O_CLOEXEC)};
    if (::fsync(file.get()) != 0) std::exit(1);
}

manifest publish(snapshot_directory& directory, const bench_rows& rows, std::uint64_t number)
{
    auto plans = plan_documents(std::vector<document_settings>(1), rows.state().tables);
    auto written = write_generation(directory, {.rows = rows, .documents = *plans, .number = number});
    if (written) return std::move(*written);
    fmt::print("{}\n", written.error().text);
    std::exit(1);
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 2) return 2;
    bench_rows rows{argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000};
    std::filesystem::path base{std::string{argv[1]} + "/publish-bench"};
    snapshot_settings settings;
    settings.directory = base;
    auto directory = snapshot_directory::open(settings);
    if (!directory) return 1;
    for (std::uint64_t number = 1; number <= 6; ++number) {
        manifest made;
        auto used = processor_seconds();
        auto ours = seconds([&] { made = publish(*directory, rows, number); });
        used = processor_seconds() - used;
        auto file = base / "generations" / generation_name(number) / "snapshot.json";
        auto copy = seconds([&] { copy_durably(file, base / "copy"); });
        fmt::print("{} bytes: publish {:.3f} s (processor {:.3f} s), cp and fsync {:.3f} s, ratio {:.2f}\n",
                   made.documents[0].bytes, ours, used, copy, ours / copy);
        std::filesystem::remove(base / "copy");
        std::filesystem::remove_all(file.parent_path());
    }
    std::filesystem::remove_all(base);
}
