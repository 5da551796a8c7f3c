#include "source/postgres/preflight.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace understudy {

namespace {

constexpr int oldest_version = 140000;
constexpr int newest_version = 190000;

check_item passed(std::string name, std::string text)
{
    return {std::move(name), verdict::passed, std::move(text), {}, {}};
}

check_item warning(std::string name, std::string text, std::string remedy)
{
    return {std::move(name), verdict::warning, std::move(text), std::move(remedy), {}};
}

check_item failed(std::string name, std::string text, std::string remedy, errc reason = errc::prerequisite_missing)
{
    return {std::move(name), verdict::failed, std::move(text), std::move(remedy), reason};
}

check_item check_version(const server_facts& server)
{
    auto text = fmt::format("PostgreSQL {}.{}", server.version / 10000, server.version % 10000);
    if (server.version < oldest_version) return failed("version", text, "understudy needs PostgreSQL 14 or newer");
    if (server.version >= newest_version)
        return warning("version", text, "understudy was tested with PostgreSQL 14 to 18");
    return passed("version", text);
}

check_item check_role(const server_facts& server)
{
    auto text = fmt::format("role {}", server.user);
    if (!server.may_replicate)
        return failed("role", text + " lacks REPLICATION",
                      fmt::format("ALTER ROLE {} REPLICATION;", quoted_identifier(server.user)),
                      errc::permission_denied);
    if (!server.may_mark)
        return failed("role", text + " may not call pg_logical_emit_message, which marks where a copy was made",
                      fmt::format("GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text{}) TO {};",
                                  server.version >= 170000 ? ", boolean" : "", quoted_identifier(server.user)),
                      errc::permission_denied);
    if (server.is_superuser)
        return warning("role", text + " is a superuser",
                       "give understudy a role of its own with LOGIN REPLICATION "
                       "and SELECT on the mirrored tables");
    return passed("role", text + " has REPLICATION");
}

// Whoever has a copy already can follow without a second one of each, until a table has to be copied again.
check_item check_free(std::string name, int used, int max, int needed_now, int needed_for_copy)
{
    auto needed = needed_now + needed_for_copy;
    auto text = fmt::format("{} of {} used, {} more needed", used, max, needed);
    if (max - used >= needed) return passed(std::move(name), text);
    auto remedy = fmt::format("raise {} to {} or more and restart the server", name, used + needed);
    if (max - used >= needed_now) return warning(std::move(name), text + ", one of them to copy a table again", remedy);
    return failed(std::move(name), text, remedy);
}

check_item check_wal_level(const server_facts& server)
{
    if (server.wal_level == "logical") return passed("wal_level", "logical");
    if (server.wal_level_needs_restart)
        return failed("wal_level", server.wal_level + ", and altered since the server started", "restart the server");
    return failed("wal_level", server.wal_level, "ALTER SYSTEM SET wal_level = 'logical'; then restart the server");
}

check_item check_slot_wal(const server_facts& server)
{
    std::string name = "max_slot_wal_keep_size";
    if (server.slot_wal_max != "-1") return passed(name, server.slot_wal_max);
    return warning(
        name, "no limit: while understudy is stopped, its slot keeps WAL until the server's disk is full",
        "ALTER SYSTEM SET max_slot_wal_keep_size = '16GB'; SELECT pg_reload_conf(); or what the disk can spare");
}

check_item check_encoding(const server_facts& server)
{
    if (server.encoding == "SQL_ASCII")
        return warning("encoding", "SQL_ASCII: the server does not know what its bytes mean",
                       "values that are not UTF-8 stop the mirror with reason bad_text");
    return passed("encoding", server.encoding);
}

}  // namespace

std::string quoted_identifier(std::string_view name)
{
    std::string quoted = "\"";
    for (char c : name) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

std::string quoted_name(const table_name& name)
{
    return quoted_identifier(name.schema) + "." + quoted_identifier(name.name);
}

bool could_match_standby(std::string_view synchronous_standby_names, std::string_view application_name)
{
    // Names are identifiers, quoted or not, between FIRST/ANY, counts, commas and parentheses. A word that is not
    // a name can only make us too careful, and only if we were called like it.
    auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    std::string word;
    auto matches = [&] {
        return word == "*" || (!word.empty() && std::equal(word.begin(), word.end(), application_name.begin(),
                                                           application_name.end(), same));
    };
    bool quoted = false;
    for (char c : synchronous_standby_names) {
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ',' || c == '(' || c == ')' || std::isspace(static_cast<unsigned char>(c)))) {
            if (matches()) return true;
            word.clear();
        } else {
            word.push_back(c);
        }
    }
    return matches();
}

std::vector<check_item> check_server(const server_facts& server, const postgres_settings& wanted,
                                     const slot_facts& slot)
{
    std::vector<check_item> items;
    items.push_back(check_version(server));
    items.push_back(check_encoding(server));
    if (server.in_recovery)
        items.push_back(failed("primary", "the server is a standby", "connect to the primary"));
    else
        items.push_back(passed("primary", "the server is not in recovery"));
    items.push_back(check_wal_level(server));
    items.push_back(check_slot_wal(server));
    items.push_back(check_role(server));
    auto senders_now = slot.active_pid != 0 ? 0 : 1;
    if (slot.exists) {
        items.push_back(check_free("max_replication_slots", server.slots_used, server.slots_max, 0, 1));
        items.push_back(check_free("max_wal_senders", server.senders_used, server.senders_max, senders_now, 1));
    } else {
        items.push_back(check_free("max_replication_slots", server.slots_used, server.slots_max, 2, 0));
        items.push_back(check_free("max_wal_senders", server.senders_used, server.senders_max, 2, 0));
    }
    if (could_match_standby(server.synchronous_standby_names, wanted.slot))
        items.push_back(failed("synchronous_standby_names",
                               fmt::format("'{}' could match our application_name {}: commits would wait for us",
                                           server.synchronous_standby_names, wanted.slot),
                               server.synchronous_standby_names.find('*') != std::string::npos
                                   ? "name the real standbys in synchronous_standby_names: * takes in everybody"
                                   : "name the real standbys in synchronous_standby_names instead, or set "
                                     "source.postgres.slot to a name that it does not match",
                               errc::synchronous_standby));
    else
        items.push_back(passed("synchronous_standby_names", "does not match us"));
    return items;
}

std::string publication_statement(const publication_facts& publication, const std::vector<table_facts>& tables,
                                  const std::string& name, int server_version)
{
    std::vector<std::string> missing;
    for (const auto& table : tables)
        if (!table.published && (table.kind == 'r' || table.kind == 'p') && table.persistence == 'p')
            missing.push_back((table.kind == 'r' ? "ONLY " : "") + quoted_name(table.name));
    if (missing.empty()) return {};
    if (!publication.exists) {
        auto generated = server_version >= 180000 ? ", publish_generated_columns = stored" : "";
        return fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true{})",
                           quoted_identifier(name), fmt::join(missing, ", "), generated);
    }
    if (publication.all_tables) return {};
    return fmt::format("ALTER PUBLICATION {} ADD TABLE {}", quoted_identifier(name), fmt::join(missing, ", "));
}

namespace {

// Whoever makes a publication needs CREATE on the database, whoever alters it has to own it, and both, the tables.
bool may_publish(const publication_facts& publication, const std::vector<table_facts>& tables,
                 const server_facts& server)
{
    if (server.is_superuser) return true;
    return (publication.exists ? publication.owned : server.may_create) &&
           std::all_of(tables.begin(), tables.end(), [](auto& table) { return table.published || table.owned; });
}

}  // namespace

std::vector<check_item> check_publication(const publication_facts& publication, const table_listing& tables,
                                          const postgres_settings& wanted, const server_facts& server)
{
    auto name = "publication " + wanted.publication;
    auto statement = publication_statement(publication, tables.tables, wanted.publication, server.version);
    std::vector<check_item> items;
    if (!statement.empty()) {
        auto what = publication.exists ? "lacks configured tables" : "does not exist";
        if (!wanted.create)
            items.push_back(failed(name, what, statement + ";"));
        else if (!may_publish(publication, tables.tables, server))
            items.push_back(failed(name, fmt::format("{}, and role {} may not make it", what, server.user),
                                   "let the owner of the tables type: " + statement + ";", errc::permission_denied));
        else
            items.push_back(warning(name, std::string{what} + "; `run` makes it, as source.postgres.create is true",
                                    statement + ";"));
    }
    if (!publication.exists) return items;
    bool all_kinds = publication.inserts && publication.updates && publication.deletes && publication.truncates;
    if (!all_kinds)
        items.push_back(failed(name, "does not publish insert, update, delete and truncate",
                               fmt::format("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate');",
                                           quoted_identifier(wanted.publication))));
    for (const auto& table : tables.tables)
        if (table.kind == 'p' && !publication.via_root)
            items.push_back(
                failed(name, fmt::format("publishes the partitions of {} under their own names", to_string(table.name)),
                       fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = true);",
                                   quoted_identifier(wanted.publication))));
    if (items.empty()) items.push_back(passed(name, "publishes every configured table"));
    return items;
}

namespace {

failure unusable(const table_facts& facts, std::string_view why)
{
    return {errc::table_unusable, fmt::format("{} {}", to_string(facts.name), why)};
}

outcome<void> check_kind(const table_facts& facts)
{
    switch (facts.kind) {
    case 'r':
    case 'p': break;
    case 'v': return unusable(facts, "is a view: mirror the tables under it");
    case 'm': return unusable(facts, "is a materialized view: it has no changes to follow");
    case 'f': return unusable(facts, "is a foreign table: mirror it on its own server");
    default: return unusable(facts, "is not a table");
    }
    if (facts.columns.empty()) return unusable(facts, "has no column");
    if (facts.persistence == 'u') return unusable(facts, "is unlogged: its changes are not in the WAL");
    if (facts.persistence == 't') return unusable(facts, "is a temporary table");
    if (facts.persistences.find('u') != facts.persistences.npos)
        return unusable(facts, "has unlogged partitions, whose changes are not in the WAL");
    if (!facts.sent_as.empty())
        return unusable(facts,
                        fmt::format("is a partition whose rows the publication sends as those of {}: mirror that one",
                                    facts.sent_as));
    return {};
}

bool only(std::string_view letters, std::string_view allowed)
{
    return letters.find_first_not_of(allowed) == letters.npos;
}

// The columns that tell rows apart, as the stream's old images will have them. Empty: the whole row.
outcome<std::vector<std::string>> identity_columns(const table_facts& facts)
{
    constexpr auto remedy =
        "add a primary key, or ALTER TABLE ... REPLICA IDENTITY USING INDEX or FULL (understudy never alters tables)";
    if (facts.kind == 'p') {
        // The server describes the root's identity and sends the leaves' images: they have to be about the same key.
        if (facts.replica_identity == 'i' && facts.identity_index != facts.primary_key)
            return unusable(facts, "has a replica identity index that its partitions do not use: ALTER TABLE ... "
                                   "REPLICA IDENTITY DEFAULT (understudy never alters tables)");
        if (!facts.primary_key.empty() && only(facts.leaf_identities, "df")) return facts.primary_key;
        if (only(facts.leaf_identities, "f")) return std::vector<std::string>{};
        return unusable(facts, fmt::format("has partitions without a usable replica identity: {}", remedy));
    }
    switch (facts.replica_identity) {
    case 'f': return facts.primary_key;
    case 'i':
        if (!facts.identity_index.empty()) return facts.identity_index;
        break;
    case 'd':
        if (!facts.primary_key.empty()) return facts.primary_key;
        break;
    default: break;
    }
    return unusable(facts, fmt::format("has no usable replica identity: {}", remedy));
}

outcome<void> check_named_columns(const table_facts& facts)
{
    std::vector<std::string> known;
    for (const auto& column : facts.columns) known.push_back(column.described.name);
    for (const auto* list : {&facts.setting.columns, &facts.setting.exclude})
        for (const auto& name : *list)
            if (std::find(known.begin(), known.end(), name) == known.end())
                return failure{errc::bad_config, fmt::format("tables: {} has no column {}; it has {}",
                                                             to_string(facts.name), name, fmt::join(known, ", "))};
    return {};
}

bool is_wanted(const table_facts& facts, const column_facts& column)
{
    return column.published && facts.setting.chooses(column.described.name);
}

outcome<void> add_columns(const table_facts& facts, const type_catalog& types, mirrored_table& table)
{
    for (const auto& column : facts.columns) {
        if (!is_wanted(facts, column)) {
            table.left_out.push_back(column.described.name);
            continue;
        }
        auto format = column_format::compile(types, column.described.type);
        if (!format)
            return failure{errc::unsupported_type,
                           fmt::format("column {} of {} has type {} whose JSON form is not known; put the column under "
                                       "`exclude` of the table in the config",
                                       column.described.name, to_string(facts.name), column.type_name)};
        table.record.shape.columns.push_back(column.described);
        table.formats.push_back(std::move(*format));
    }
    return {};
}

outcome<void> add_key(const table_facts& facts, const std::vector<std::string>& names, table_shape& shape)
{
    shape.identity = names.empty() ? row_identity::multiset : row_identity::key;
    for (const auto& name : names) {
        auto found =
            std::find_if(shape.columns.begin(), shape.columns.end(), [&](auto& column) { return column.name == name; });
        if (found == shape.columns.end())
            return unusable(facts, fmt::format("is told apart by column {}, which the config or the publication leaves "
                                               "out",
                                               name));
        shape.key.push_back(static_cast<std::uint16_t>(found - shape.columns.begin()));
    }
    return {};
}

}  // namespace

outcome<mirrored_table> plan_table(const table_facts& facts, const type_catalog& types)
{
    if (auto kind = check_kind(facts); !kind) return kind.error();
    if (auto named = check_named_columns(facts); !named) return named.error();
    auto identity = identity_columns(facts);
    if (!identity) return identity.error();
    mirrored_table table;
    table.record.relation = facts.id;
    table.record.name = facts.name;
    table.record.fingerprint = facts.fingerprint;
    table.replica_identity = facts.replica_identity;
    table.partitions = facts.partitions;
    table.old_rows_are_whole = facts.kind == 'p' && only(facts.leaf_identities, "f");
    if (auto added = add_columns(facts, types, table); !added) return added.error();
    if (table.record.shape.columns.empty()) return unusable(facts, "has no column to mirror");
    if (auto added = add_key(facts, *identity, table.record.shape); !added) return added.error();
    return table;
}

namespace {

std::string describe(const table_facts& facts, const mirrored_table& table)
{
    auto text = fmt::format("{} columns", table.record.shape.columns.size());
    if (facts.estimated_rows) text += fmt::format(", about {} rows", *facts.estimated_rows);
    if (table.record.shape.identity == row_identity::multiset) text += ", told apart by the whole row";
    return text;
}

struct reservation {
    std::string text;
    std::string remedy;
};

// regproc, regprocedure, regoper, regoperator, regclass, regtype, regconfig, regdictionary, regnamespace, regrole,
// regcollation and aclitem, whose oids are fixed (pg_type.dat), or a type that leads to one.
bool shows_names_of_objects(oid type, const type_catalog& types)
{
    constexpr std::array<oid, 12> themselves{24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191, 1033};
    if (std::find(themselves.begin(), themselves.end(), type) != themselves.end()) return true;
    const auto* facts = types.find(type);
    if (!facts) return false;
    if (facts->base != 0 && shows_names_of_objects(facts->base, types)) return true;
    if (facts->element != 0 && shows_names_of_objects(facts->element, types)) return true;
    return std::any_of(facts->attributes.begin(), facts->attributes.end(),
                       [&](const type_attribute& attribute) { return shows_names_of_objects(attribute.type, types); });
}

// What works, and not as everybody would expect.
std::vector<reservation> reservations(const table_facts& facts, const type_catalog& types, const std::string& role)
{
    std::vector<std::string> generated;
    std::vector<std::string> names_of_objects;
    for (const auto& column : facts.columns) {
        if (column.generated && !column.published) generated.push_back(column.described.name);
        if (shows_names_of_objects(column.described.type, types)) names_of_objects.push_back(column.described.name);
    }
    std::vector<reservation> all;
    if (!generated.empty())
        all.push_back(
            {fmt::format("left out because the server does not send generated columns: {}", fmt::join(generated, ", ")),
             "PostgreSQL 18 can publish stored generated columns (publish_generated_columns = stored)"});
    if (!names_of_objects.empty())
        all.push_back(
            {fmt::format("shows names of objects as they are when a row changes, not when they are renamed: {}",
                         fmt::join(names_of_objects, ", ")),
             "put the columns under `exclude` of the table in the config, unless nobody renames"});
    if (facts.has_inheritors)
        all.push_back(
            {"rows of its INHERITS children are not part of it", "mirror the children as tables of their own"});
    if (facts.row_security)
        all.push_back({"row security is on: the copy fails unless our role may bypass it",
                       fmt::format("ALTER ROLE {} BYPASSRLS;", quoted_identifier(role))});
    return all;
}

check_item check_table(const table_facts& facts, const type_catalog& types, const std::string& role)
{
    auto name = "table " + to_string(facts.name);
    auto planned = plan_table(facts, types);
    if (!planned) return failed(name, planned.error().text, {}, planned.error().code);
    if (!facts.may_select)
        return failed(
            name, "may not be read by our role",
            fmt::format("GRANT USAGE ON SCHEMA {0} TO {2}; GRANT SELECT ON {1} TO {2};",
                        quoted_identifier(facts.name.schema), quoted_name(facts.name), quoted_identifier(role)),
            errc::permission_denied);
    auto item = passed(name, describe(facts, *planned));
    for (const auto& [text, remedy] : reservations(facts, types, role)) {
        item.result = verdict::warning;
        item.text += "; " + text;
        item.remedy += (item.remedy.empty() ? "" : "; ") + remedy;
    }
    return item;
}

}  // namespace

std::vector<check_item> check_tables(const table_listing& tables, const type_catalog& types, const std::string& role)
{
    std::vector<check_item> items;
    for (const auto& facts : tables.tables) items.push_back(check_table(facts, types, role));
    for (const auto& setting : tables.missing) {
        if (setting.name.empty())
            items.push_back(failed("tables " + setting.schema + ".*", "the schema has no table, or does not exist",
                                   "correct `tables` in the config", errc::table_missing));
        else
            items.push_back(failed("table " + setting.schema + "." + setting.name, "does not exist",
                                   "correct `tables` in the config, or create the table", errc::table_missing));
    }
    return items;
}

}  // namespace understudy
