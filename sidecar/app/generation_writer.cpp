#include "app/generation_writer.hpp"

#include "app/position_notes.hpp"
#include "publish/announcement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace understudy {

namespace {

std::uint64_t highest(const snapshot_directory& directory)
{
    auto numbers = directory.generations();
    return numbers && !numbers->empty() ? numbers->back() : 0;
}

db_time wall_clock() noexcept
{
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

failure not_presentable(const stored_position& at)
{
    return {errc::catching_up,
            fmt::format("at {} the stream is amid something that has to be seen whole", to_string(at.position))};
}

generation_writer::generation_writer(asio::any_io_executor home, worker_thread& thread, store& rows,
                                     snapshot_directory& directory, std::uint64_t last_number)
    : home_{std::move(home)},
      thread_{thread},
      store_{rows},
      directory_{directory},
      next_number_{std::max(highest(directory), last_number) + 1}
{
}

asio::awaitable<outcome<generation_writer::view>> generation_writer::open()
{
    auto open = [this] { return store_.read(); };
    auto opened = co_await thread_.run(std::move(open));
    if (!opened) co_return opened.error();
    co_return view{std::move(*opened)};
}

asio::awaitable<outcome<manifest>> generation_writer::write(view rows, generation_order wanted)
{
    auto work = [this, rows = std::move(rows), number = next_number_++, wanted = std::move(wanted)]() mutable {
        return write_now(std::move(rows), number, std::move(wanted));
    };
    co_return co_await thread_.run(std::move(work));
}

// The rows are closed here, on the thread that reads them.
outcome<manifest> generation_writer::write_now(view rows, std::uint64_t number, generation_order wanted)
{
    const auto& state = rows->state();
    if (!state.position.is_presentable()) return not_presentable(state.position);
    auto held = directory_.ensure();
    if (!held) return held.error();
    auto plans = plan_documents(wanted.documents, state.tables, wanted.reads);
    if (!plans) return plans.error();
    bool same = *held == snapshot_directory::presence::same && wanted.previous;
    generation_request request{.rows = *rows, .documents = *plans};
    request.number = number;
    request.created_at = wall_clock();
    request.previous = same ? &*wanted.previous : nullptr;
    request.unchanged = std::move(wanted.unchanged);
    request.catalog = std::move(wanted.catalog);
    add_position_notes(state.position, request);
    return write_generation(directory_, request);
}

// An announcement that failed may have come as far as the link.
asio::awaitable<void> generation_writer::discard(std::uint64_t number)
{
    auto work = [this, number] {
        auto current = read_current(directory_.path());
        if (!current || *current != number) remove_generations(directory_, std::span{&number, 1});
        return true;
    };
    co_await thread_.run(std::move(work));
}

void generation_writer::remove(std::uint64_t number)
{
    thread_.post(
        home_, [this, number] { return remove_generations(directory_, std::span{&number, 1}); },
        [](const std::vector<std::uint64_t>&) {});
}

// Nobody waits for it: to remove a large file takes long, and the next generation is written after it in any case.
void generation_writer::clean_history(const snapshot_settings& wanted, std::uint64_t current,
                                      std::optional<std::uint64_t> pinned)
{
    history_facts facts;
    facts.current = current;
    facts.ended = ended_;
    facts.keep = wanted.keep;
    facts.grace = wanted.grace;
    facts.now = std::chrono::steady_clock::now();
    if (pinned) facts.pinned.insert(*pinned);
    auto work = [this, started = started_, facts = std::move(facts)]() mutable -> std::vector<std::uint64_t> {
        auto numbers = directory_.generations();
        if (!numbers) return {};
        facts.numbers = std::move(*numbers);
        for (auto number : facts.numbers) facts.ended.try_emplace(number, started);
        auto old = removable(facts);
        auto kept = remove_generations(directory_, old);
        std::erase_if(old, [&](auto number) { return std::find(kept.begin(), kept.end(), number) != kept.end(); });
        return old;
    };
    thread_.post(home_, std::move(work), [this](const std::vector<std::uint64_t>& removed) {
        for (auto number : removed) ended_.erase(number);
    });
}

}  // namespace understudy
