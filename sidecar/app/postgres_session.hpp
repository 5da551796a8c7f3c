#pragma once

#include "app/daemon_state.hpp"
#include "app/postgres_preparation.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "core/settings.hpp"
#include "source/async_condition.hpp"
#include "source/postgres/catalog.hpp"
#include "source/postgres/stream.hpp"
#include "source/postgres/survey.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace understudy {

/// A session with a Postgres server. Borrows everything.
class postgres_session final : public source_session {
public:
    postgres_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify);

    asio::awaitable<failure> run(copy_demand& demand) override;
    asio::awaitable<outcome<void>> check_announcement(lsn position) override;
    asio::awaitable<outcome<void>> catch_up() override;
    const std::vector<mirrored_table>& mirrored() const noexcept override { return tables_; }
    bool is_streaming() const noexcept override { return stream_ && streaming_; }
    void confirm(const stored_position& durable) override;
    void resume() override;
    void close(failure why) override;

private:
    asio::awaitable<outcome<probe_facts>> probe();
    asio::awaitable<failure> follow(prepared_source from, copy_demand& demand);
    asio::awaitable<outcome<void>> open_stream(const survey& found, const system_facts& system);
    stream_options options_for(const survey& found);
    asio::awaitable<void> wind_up(const failure& why);
    asio::awaitable<void> probe_until_closed();
    asio::awaitable<void> lock_sql();
    void unlock_sql();
    void note(const probe_facts& facts);
    asio::awaitable<outcome<void>> prove_unchanged(const probe_facts& facts);
    asio::awaitable<outcome<catalog_changes>> compare_catalog();
    outcome<void> end_when_changed(const catalog_changes& seen);

    const settings& settings_;
    store_writer& writer_;
    daemon_state& state_;
    callbacks notify_;

    std::stop_source stop_;  // of every connection
    std::stop_token stopped_ = stop_.get_token();
    std::unique_ptr<pg_connection> sql_;
    std::vector<mirrored_table> tables_;
    std::unique_ptr<postgres_stream> stream_;
    bool streaming_ = false;
    std::optional<failure> closed_because_;
    std::set<oid> changed_;
    bool sql_locked_ = false;
    async_condition sql_free_;
    asio::steady_timer probe_timer_;
    async_condition probe_ended_;
    bool probing_ = false;
    lsn catalog_compared_at_;  // nothing was written since then that could have changed it
};

}  // namespace understudy
