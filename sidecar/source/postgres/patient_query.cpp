#include "source/postgres/patient_query.hpp"

#include "core/limits.hpp"
#include "source/async_condition.hpp"
#include "source/postgres/catalog_sql.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <exception>

namespace understudy {

namespace {

using namespace std::chrono_literals;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto poll_interval = 1s;
constexpr auto patience = 24h;  // it ends by itself, or by cancel() on the connection

struct watch {
    explicit watch(asio::any_io_executor executor) : pause{executor}, end{executor} {}
    asio::steady_timer pause;
    async_condition end;
    bool answered = false;  // the command is done: stop asking
    bool ended = false;     // nobody uses the SQL connection any more
};

asio::awaitable<void> ask_until_answered(watch& state, pg_connection& sql, std::string& waiting_for)
{
    while (!state.answered) {
        state.pause.expires_after(poll_interval);
        co_await state.pause.async_wait(use_tuple);
        if (state.answered) break;
        auto rows = co_await sql.query(catalog_sql::oldest_transaction, limits::query_timeout);
        if (!rows) break;
        waiting_for.clear();
        if (rows->size() == 0) continue;
        waiting_for = fmt::format("{} in database {}", rows->text(0, 0), rows->text(0, 1));
        if (auto seconds = rows->text(0, 2); !seconds.empty()) waiting_for += fmt::format(", open for {} s", seconds);
    }
    state.ended = true;
    state.end.notify_all();
}

}  // namespace

asio::awaitable<outcome<query_result>> query_patiently(pg_connection& waiting, std::string command, pg_connection& sql,
                                                       std::string& waiting_for)
{
    watch state{sql.executor()};
    asio::co_spawn(sql.executor(), ask_until_answered(state, sql, waiting_for), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    auto rows = co_await waiting.query(std::move(command), patience);
    state.answered = true;
    state.pause.cancel();
    while (!state.ended) co_await state.end.wait();
    waiting_for.clear();
    co_return std::move(rows);
}

}  // namespace understudy
