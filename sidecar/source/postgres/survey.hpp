#pragma once

#include "core/settings.hpp"
#include "source/postgres/catalog.hpp"
#include "source/postgres/continuity.hpp"
#include "source/postgres/preflight.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace understudy {

/// Everything that the server says which decides whether and how we can follow it, read at one go.
struct survey {
    server_facts server;
    publication_facts publication;
    slot_facts slot;
    table_listing tables;
    type_catalog types;

    std::vector<check_item> items(const postgres_settings& wanted) const;
};

// All run on the caller's executor, to which their connections belong. Errors, but where said: those of pg_connection
// and of catalog.hpp.

/// Tries each host of the connection string for limits::connect_timeout. A stop cancels the connection, then and later.
asio::awaitable<outcome<std::unique_ptr<pg_connection>>> connect(const postgres_settings& wanted, connection_kind kind,
                                                                 const std::stop_token& stopped = never_stopped);

/// Reads only; changes nothing. What is missing or wrong is no error here: see survey::items.
asio::awaitable<outcome<survey>> survey_source(pg_connection& sql, const settings& wanted);

/// The failed items as one failure, each with its remedy, under the reason of the first that no retry mends, if there
/// is one; success when none failed.
outcome<void> all_passed(const std::vector<check_item>& items);

/// Whether every configured table can still be mirrored, and is published: what a copy or a connection took its time
/// for may have changed meanwhile. Errors: those of check_tables; table_changed for one that left the publication.
outcome<void> still_mirrors(const survey& found);

/// Error: table_changed for a table that is not published. Pure.
outcome<void> check_published(const table_listing& listing);

struct created_parts {
    bool publication = false;
    bool slot = false;
};

/// Makes the publication, or adds the tables that it lacks, when `create` allows it; then the slot, in that order:
/// a slot made first would never see the publication, or lose rows. Returns what was made.
/// `waiting_for` as in query_patiently.
asio::awaitable<outcome<created_parts>> create_missing(pg_connection& sql, pg_connection& replication,
                                                       const survey& found, const postgres_settings& wanted,
                                                       std::string& waiting_for);

/// Drops our own slot after it was invalidated, so that create_missing can make a new one.
asio::awaitable<outcome<void>> drop_slot(pg_connection& sql, std::string slot);

/// IDENTIFY_SYSTEM, and the history of the server's timeline as far as `stored_timeline` needs it (0: not).
asio::awaitable<outcome<system_facts>> identify_system(pg_connection& replication, std::uint32_t stored_timeline);

}  // namespace understudy
