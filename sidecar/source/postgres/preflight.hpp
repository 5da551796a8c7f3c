#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "source/check_item.hpp"
#include "source/postgres/catalog.hpp"
#include "source/mirrored_table.hpp"

#include <string>
#include <vector>

namespace understudy {

/// Prerequisites that do not depend on tables: version, wal_level, role, free slots and walsenders, standby names.
/// Our own slot, and the walsender that streams from it, count for the two of each that are needed.
std::vector<check_item> check_server(const server_facts& server, const postgres_settings& wanted,
                                     const slot_facts& slot);

std::vector<check_item> check_publication(const publication_facts& publication, const table_listing& tables,
                                          const postgres_settings& wanted, const server_facts& server);

/// One item per table, and one per entry of `tables` that the catalog does not have.
std::vector<check_item> check_tables(const table_listing& tables, const type_catalog& types, const std::string& role);

/// The stored form of a table that passed its check: which columns, which identity, how each is rendered.
/// Epoch, valid_from and fingerprint of the copy are the caller's to set. Errors: table_unusable,
/// unsupported_type, with a text that says why.
outcome<mirrored_table> plan_table(const table_facts& facts, const type_catalog& types);

/// True when `synchronous_standby_names` could match an application_name (case is ignored, as the server does).
bool could_match_standby(std::string_view synchronous_standby_names, std::string_view application_name);

/// The statement that makes the publication, or adds what it lacks; empty when nothing is missing.
std::string publication_statement(const publication_facts& publication, const std::vector<table_facts>& tables,
                                  const std::string& name, int server_version);

/// `"name"`, with quotes inside doubled.
std::string quoted_identifier(std::string_view name);
std::string quoted_name(const table_name& name);

}  // namespace understudy
