#pragma once

#include "app/daemon_state.hpp"
#include "app/source_preparation.hpp"
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

/// One session with the source, from connecting to the failure that ends it: prepare, then follow.
///
/// Belongs to the event loop. Borrows everything; made anew for each session.
class source_session {
public:
    struct callbacks {
        std::function<void(const probe_facts&)> probed;
        std::function<void()> streaming;  ///< From here on the store follows the source.
    };

    source_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify);

    /// Returns why it ended. Reads `demand`, clears what has been met, and adds what it found.
    asio::awaitable<failure> run(copy_demand& demand);

    /// Whether a generation at this position, which is durable by now, may be announced. Errors: table_changed and
    /// publication_changed, which also end the session; table_locked: try again shortly; those of the connection.
    asio::awaitable<outcome<void>> check_announcement(lsn position);

    /// The tables that are followed now, with what renders them.
    const std::vector<mirrored_table>& mirrored() const noexcept { return tables_; }

    bool is_streaming() const noexcept { return stream_ && streaming_; }

    /// Runs one statement batch on the session's SQL connection, after those before it.
    asio::awaitable<outcome<probe_facts>> probe();

    /// Asks the server how far it is.
    void request_reply();

    void confirm(const stored_position& durable);
    void resume();

    /// Ends run() at once.
    void close(failure why);

private:
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
