#pragma once

#include "app/daemon_state.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "core/settings.hpp"
#include "source/postgres/survey.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace understudy {

/// A source that the store continues, with every table's copy durable.
struct prepared_source {
    std::unique_ptr<pg_connection> sql;
    system_facts system;
    survey found;
    std::vector<mirrored_table> tables;  ///< As they are stored, with what renders them.
};

/// The first half of a session: check every prerequisite, make what is missing, prove that the store continues, copy
/// what does not.
///
/// Belongs to the event loop. Borrows everything; made anew for each session.
class postgres_preparation {
public:
    /// A stop ends run() at once.
    postgres_preparation(const settings& wanted, store_writer& writer, daemon_state& state, std::stop_token stopped);

    /// Reads `demand`, and clears it when what it asks for was copied.
    asio::awaitable<outcome<prepared_source>> run(copy_demand& demand);

private:
    asio::awaitable<outcome<prepared_source>> prepare(copy_demand& demand);
    asio::awaitable<outcome<survey>> survey_and_create(copy_demand& demand);
    asio::awaitable<outcome<void>> prove_continuity(const survey& found, copy_demand& demand);
    asio::awaitable<outcome<void>> replace_lost_slot(slot_facts& slot);
    asio::awaitable<outcome<survey>> copy_where_needed(survey found, copy_demand& demand);
    asio::awaitable<outcome<void>> copy_and_store(const survey& found, std::vector<oid> only, bool everything);
    outcome<std::vector<mirrored_table>> stored_tables(const survey& found) const;
    void log_progress_later();
    void log_progress() const;

    const settings& settings_;
    store_writer& writer_;
    daemon_state& state_;
    std::stop_token stopped_;
    std::unique_ptr<pg_connection> sql_;
    std::unique_ptr<pg_connection> replication_;
    system_facts system_;
    asio::steady_timer progress_timer_;
};

}  // namespace understudy
