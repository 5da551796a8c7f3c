#pragma once

#include "app/daemon_state.hpp"
#include "app/store_writer.hpp"
#include "core/settings.hpp"
#include "source/postgres/catalog.hpp"
#include "source/postgres/stream.hpp"
#include "source/postgres/survey.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace understudy {

/// What the next session has to copy because the stream or the catalog showed that it must.
struct copy_demand {
    std::optional<failure> everything_because;
    std::set<oid> tables;
};

/// One session with the source, from connecting to the failure that ends it: check every prerequisite, make what is
/// missing, prove that the store continues, copy what does not, then follow.
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

    /// Nothing before this position may be announced: some table's copy is newer.
    lsn announce_from() const noexcept { return announce_from_; }

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
    asio::awaitable<outcome<void>> prepare(copy_demand& demand);
    void log_progress_later();
    void log_progress() const;
    asio::awaitable<outcome<survey>> survey_and_create(copy_demand& demand);
    asio::awaitable<outcome<void>> prove_continuity(const survey& found, copy_demand& demand);
    asio::awaitable<outcome<void>> copy(const survey& found, copy_demand& demand);
    asio::awaitable<outcome<void>> copy_and_store(const survey& found, std::vector<oid> only, bool everything);
    outcome<void> plan_mirror(const survey& found);
    asio::awaitable<failure> follow(const survey& found, copy_demand& demand);
    asio::awaitable<outcome<void>> open_stream(const survey& found);
    stream_options options_for(const survey& found) const;
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

    std::unique_ptr<pg_connection> sql_;
    std::unique_ptr<pg_connection> replication_;
    system_facts system_;
    std::vector<mirrored_table> tables_;
    std::unique_ptr<postgres_stream> stream_;
    bool streaming_ = false;
    std::optional<failure> closed_because_;
    std::set<oid> changed_;
    lsn announce_from_;
    bool sql_locked_ = false;
    asio::steady_timer progress_timer_;
    asio::steady_timer sql_free_;  // never expires; cancelled when the connection is free
    asio::steady_timer probe_timer_;
    asio::steady_timer probe_ended_;
    bool probing_ = false;
    lsn catalog_compared_at_;  // nothing was written since then that could have changed it
};

}  // namespace understudy
