#include "app/kafka_epochs.hpp"

#include "app/logging.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace understudy {

namespace {

void show_copy(const kafka_plan& plan, bool is_everything, daemon_state& state)
{
    state.reason = plan.because;
    state.enter(is_everything ? daemon_phase::copying : daemon_phase::resyncing);
    state.copy = copy_progress{};
    state.copy.tables_total = plan.anew.size();
    state.copy.started = std::chrono::steady_clock::now();
    log_event(log_level::info, "copy_started", "reading topics from their beginning",
              {{"tables", plan.anew.size()}, {"reason", plan.because ? name_of(plan.because->code) : "no_generation"}});
}

store_state state_after(const kafka_plan& plan, store_state state)
{
    state.identity = plan.identity;
    state.position.places = kafka::encode(plan.places);
    state.position.position = kafka::position_of(plan.places);
    state.position.keepalive = lsn{};
    state.position.last = transaction_fingerprint{};
    state.position.unsettled = true;
    state.position.consistency = consistency_level::row;
    return state;
}

}  // namespace

asio::awaitable<outcome<void>> store_plan(const kafka_plan& plan, kafka_sources& sources, store_writer& writer,
                                          daemon_state& state)
{
    bool is_everything = writer.state().tables.empty() || plan.anew.size() == sources.tables.size();
    if (!plan.anew.empty()) show_copy(plan, is_everything, state);
    writer.begin_session();
    auto stored = writer.state();
    auto old = std::exchange(stored.tables, {});
    for (auto& table : sources.tables) {
        auto& record = table.table.record;
        auto kept =
            std::find_if(old.begin(), old.end(), [&](const table_record& each) { return each.name == record.name; });
        bool anew = std::find(plan.anew.begin(), plan.anew.end(), record.name) != plan.anew.end();
        if (!anew) {
            record.rows = kept->rows;
        } else {
            auto rows = co_await writer.create_epoch();
            if (!rows) co_return rows.error();
            record.rows = *rows;
        }
        stored.tables.push_back(record);
    }
    if (!plan.changed && stored.tables == old) co_return outcome<void>{};
    co_return co_await writer.write_state(state_after(plan, std::move(stored)));
}

}  // namespace understudy
