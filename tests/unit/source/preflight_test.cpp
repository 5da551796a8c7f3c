#include "core/remedy.hpp"
#include "source/postgres/survey.hpp"
#include "unit/source/table_kit.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace understudy;
using namespace understudy::table_kit;

namespace {

constexpr oid regclass_type = 2205;

server_facts good_server()
{
    server_facts server;
    server.version = 150020;
    server.database = "shop";
    server.encoding = "UTF8";
    server.user = "mirror";
    server.may_replicate = true;
    server.may_create = true;
    server.may_mark = true;
    server.wal_level = "logical";
    server.slot_wal_max = "16GB";
    server.slots_max = server.senders_max = 10;
    return server;
}

publication_facts good_publication()
{
    publication_facts publication;
    publication.exists = publication.inserts = publication.updates = publication.deletes = publication.truncates = true;
    publication.via_root = true;
    return publication;
}

postgres_settings wanted(bool create = true)
{
    postgres_settings settings;
    settings.create = create;
    return settings;
}

/// Names of the items with this verdict.
std::string with(verdict result, const std::vector<check_item>& items)
{
    std::string names;
    for (const auto& item : items)
        if (item.result == result) names += (names.empty() ? "" : ", ") + item.name;
    return names;
}

const check_item& item_named(const std::string& name, const std::vector<check_item>& items)
{
    for (const auto& item : items)
        if (item.name == name) return item;
    throw std::runtime_error{"no item " + name};
}

table_facts unpublished(const std::string& name)
{
    auto facts = materials();
    facts.name.name = name;
    facts.published = false;
    facts.owned = true;
    return facts;
}

std::string statement(const publication_facts& publication, const std::vector<table_facts>& tables,
                      int version = 150000)
{
    return publication_statement(publication, tables, "pub", version);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(preflight)

BOOST_AUTO_TEST_CASE(names_of_standbys_that_could_be_us)
{
    struct row {
        const char* names;
        bool matches;
    };
    for (auto [names, matches] : std::vector<row>{{"", false},
                                                  {"*", true},
                                                  {"understudy", true},
                                                  {"UnderStudy", true},
                                                  {"\"understudy\"", true},
                                                  {"\"*\"", true},
                                                  {"a, understudy", true},
                                                  {"FIRST 2 (a, b)", false},
                                                  {"FIRST 2 (a, understudy)", true},
                                                  {"ANY 1 (a, *)", true},
                                                  {"2 (understudy,b)", true},
                                                  {"ANY 1(\"understudy\")", true},
                                                  {"understudy2", false},
                                                  {"my_understudy", false},
                                                  {"under", false},
                                                  {"a*", false},
                                                  {"\"a, understudy\"", false},
                                                  {"\"understudy \"", false},
                                                  {" \t understudy \n", true},
                                                  {"\"a\"\"b\", c", false}})
        BOOST_TEST_CONTEXT(names) BOOST_TEST(could_match_standby(names, "understudy") == matches);
}

BOOST_AUTO_TEST_CASE(a_good_server_passes_everything)
{
    auto items = check_server(good_server(), wanted(), {});
    BOOST_TEST(with(verdict::failed, items) == "");
    BOOST_TEST(with(verdict::warning, items) == "");
    BOOST_TEST(items.size() == 9u);
    BOOST_TEST(all_passed(items).has_value());
}

BOOST_AUTO_TEST_CASE(each_prerequisite_of_the_server_is_found_missing)
{
    struct row {
        const char* item;
        verdict result;
        std::function<void(server_facts&)> change;
        errc reason = errc::prerequisite_missing;
    };
    for (const auto& [item, result, change, reason] : std::vector<row>{
             {"version", verdict::failed, [](server_facts& s) { s.version = 130014; }},
             {"version", verdict::warning, [](server_facts& s) { s.version = 190000; }},
             {"encoding", verdict::warning, [](server_facts& s) { s.encoding = "SQL_ASCII"; }},
             {"primary", verdict::failed, [](server_facts& s) { s.in_recovery = true; }},
             {"wal_level", verdict::failed, [](server_facts& s) { s.wal_level = "replica"; }},
             {"role", verdict::failed, [](server_facts& s) { s.may_replicate = false; }, errc::permission_denied},
             {"role", verdict::failed, [](server_facts& s) { s.may_mark = false; }, errc::permission_denied},
             {"max_slot_wal_keep_size", verdict::warning, [](server_facts& s) { s.slot_wal_max = "-1"; }},
             {"role", verdict::warning, [](server_facts& s) { s.is_superuser = true; }},
             {"max_replication_slots", verdict::failed, [](server_facts& s) { s.slots_used = 9; }},
             {"max_wal_senders", verdict::failed, [](server_facts& s) { s.senders_used = 9; }},
             {"synchronous_standby_names", verdict::failed,
              [](server_facts& s) { s.synchronous_standby_names = "ANY 1 (understudy)"; }, errc::synchronous_standby},
         }) {
        auto server = good_server();
        change(server);
        auto items = check_server(server, wanted(), {});
        BOOST_TEST_CONTEXT(item) {
            BOOST_TEST(with(result, items) == item);
            const auto& found = item_named(item, items);
            BOOST_TEST(!found.remedy.empty());
            BOOST_TEST(!found.text.empty());
            if (result == verdict::failed) {
                BOOST_TEST(found.reason == reason);
                BOOST_TEST(all_passed(items).error().code == reason);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(our_own_slot_and_walsender_count_for_what_is_needed)
{
    auto server = good_server();
    server.slots_used = 9;
    server.senders_used = 9;
    slot_facts slot;
    slot.exists = true;
    slot.active_pid = 77;
    BOOST_TEST(with(verdict::failed, check_server(server, wanted(), slot)) == "");
    slot.active_pid = 0;
    BOOST_TEST(with(verdict::failed, check_server(server, wanted(), slot)) == "");
    BOOST_TEST(with(verdict::warning, check_server(server, wanted(), slot)) == "max_wal_senders");
    server.senders_used = 10;
    BOOST_TEST(with(verdict::failed, check_server(server, wanted(), slot)) == "max_wal_senders");
}

// Who has a copy can follow; only the next copy needs a second slot.
BOOST_AUTO_TEST_CASE(no_free_slot_beside_our_own_is_a_warning)
{
    auto server = good_server();
    server.slots_used = server.slots_max;
    slot_facts slot;
    slot.exists = true;
    auto items = check_server(server, wanted(), slot);
    BOOST_TEST(with(verdict::failed, items) == "");
    BOOST_TEST(with(verdict::warning, items) == "max_replication_slots");
    BOOST_TEST(item_named("max_replication_slots", items).remedy ==
               "raise max_replication_slots to 11 or more and restart the server");
    BOOST_TEST(with(verdict::failed, check_server(server, wanted(), {})) == "max_replication_slots");
}

BOOST_AUTO_TEST_CASE(the_publication_is_made_with_what_the_version_can)
{
    BOOST_TEST(
        statement({}, {unpublished("a"), unpublished("b")}) ==
        R"(CREATE PUBLICATION "pub" FOR TABLE ONLY "public"."a", ONLY "public"."b" WITH (publish_via_partition_root = true))");
    BOOST_TEST(
        statement({}, {unpublished("a")}, 180000) ==
        R"(CREATE PUBLICATION "pub" FOR TABLE ONLY "public"."a" WITH (publish_via_partition_root = true, publish_generated_columns = stored))");
}

BOOST_AUTO_TEST_CASE(what_the_publication_lacks_is_added_and_nothing_else)
{
    auto partitioned = unpublished("p");
    partitioned.kind = 'p';
    auto view = unpublished("v");
    view.kind = 'v';
    auto unlogged = unpublished("u");
    unlogged.persistence = 'u';
    auto publication = good_publication();
    BOOST_TEST(statement(publication, {materials(), partitioned, view, unlogged}) ==
               R"(ALTER PUBLICATION "pub" ADD TABLE "public"."p")");
    BOOST_TEST(statement(publication, {materials()}) == "");
    publication.all_tables = true;
    BOOST_TEST(statement(publication, {unpublished("a")}) == "");
}

BOOST_AUTO_TEST_CASE(hostile_names_stay_names)
{
    auto hostile = unpublished("a\"; DROP TABLE x; --");
    hostile.name.schema = "S\"";
    BOOST_TEST(publication_statement({}, {hostile}, "p\"q", 150000) ==
               R"(CREATE PUBLICATION "p""q" FOR TABLE ONLY "S""".)"
               R"("a""; DROP TABLE x; --" WITH (publish_via_partition_root = true))");
    BOOST_TEST(quoted_identifier("") == "\"\"");
    BOOST_TEST(quoted_identifier("\"") == "\"\"\"\"");
}

BOOST_AUTO_TEST_CASE(a_missing_publication_is_a_warning_when_we_may_make_it_and_a_failure_otherwise)
{
    table_listing tables{{unpublished("a")}, {}};
    auto name = "publication understudy";
    BOOST_TEST(with(verdict::warning, check_publication({}, tables, wanted(), good_server())) == name);
    auto items = check_publication({}, tables, wanted(false), good_server());
    BOOST_TEST(with(verdict::failed, items) == name);
    BOOST_TEST(item_named(name, items).remedy.starts_with("CREATE PUBLICATION \"understudy\" FOR TABLE"));
    BOOST_TEST(item_named(name, items).remedy.ends_with(";"));
}

BOOST_AUTO_TEST_CASE(nobody_is_told_to_publish_a_table_whose_updates_would_fail_then)
{
    survey found;
    found.server = good_server();
    auto keyless = unpublished("keyless");
    keyless.primary_key.clear();
    found.tables = {{unpublished("a"), keyless}, {}};
    const auto items = found.items(wanted(false));
    const auto& remedy = item_named("publication understudy", items).remedy;
    BOOST_TEST(remedy.find("\"a\"") != remedy.npos);
    BOOST_TEST(remedy.find("keyless") == remedy.npos);
}

BOOST_AUTO_TEST_CASE(what_needs_a_person_is_the_reason_even_if_a_retry_might_mend_the_first)
{
    std::vector<check_item> items{{"a", verdict::failed, "", "", errc::permission_denied},
                                  {"b", verdict::failed, "", "", errc::table_unusable},
                                  {"c", verdict::failed, "", "", errc::prerequisite_missing}};
    BOOST_TEST((remedy_for(errc::permission_denied) == remedy::retry));
    BOOST_TEST((all_passed(items).error().code == errc::table_unusable));
    items.erase(items.begin() + 1, items.end());
    BOOST_TEST((all_passed(items).error().code == errc::permission_denied));
}

BOOST_AUTO_TEST_CASE(a_publication_that_our_role_may_not_make_fails_with_what_the_owner_has_to_type)
{
    auto fails = [](const publication_facts& publication, const table_facts& table, const server_facts& server) {
        auto items = check_publication(publication, {{table}, {}}, wanted(), server);
        return with(verdict::failed, items) == "publication understudy" && items[0].reason == errc::permission_denied &&
               items[0].remedy.find(" PUBLICATION \"understudy\" ") != std::string::npos;
    };
    auto poor = good_server();
    poor.may_create = false;
    BOOST_TEST(fails({}, unpublished("a"), poor));
    auto foreign = unpublished("a");
    foreign.owned = false;
    BOOST_TEST(fails({}, foreign, good_server()));
    auto publication = good_publication();
    BOOST_TEST(fails(publication, unpublished("a"), good_server()));
    publication.owned = true;
    BOOST_TEST(!fails(publication, unpublished("a"), good_server()));
    poor.is_superuser = true;
    BOOST_TEST(!fails({}, foreign, poor));
}

BOOST_AUTO_TEST_CASE(a_publication_that_leaves_changes_out_fails)
{
    table_listing tables{{materials()}, {}};
    for (auto kind : {&publication_facts::inserts, &publication_facts::updates, &publication_facts::deletes,
                      &publication_facts::truncates}) {
        auto publication = good_publication();
        publication.*kind = false;
        BOOST_TEST(with(verdict::failed, check_publication(publication, tables, wanted(), good_server())) ==
                   "publication understudy");
    }
    BOOST_TEST(with(verdict::passed, check_publication(good_publication(), tables, wanted(), good_server())) ==
               "publication understudy");
}

BOOST_AUTO_TEST_CASE(partitions_under_their_own_names_fail_only_where_there_are_partitions)
{
    auto publication = good_publication();
    publication.via_root = false;
    auto partitioned = materials();
    partitioned.kind = 'p';
    partitioned.leaf_identities = "d";
    BOOST_TEST(with(verdict::failed, check_publication(publication, {{materials()}, {}}, wanted(), good_server())) ==
               "");
    BOOST_TEST(with(verdict::failed, check_publication(publication, {{partitioned}, {}}, wanted(), good_server())) ==
               "publication understudy");
}

BOOST_AUTO_TEST_CASE(each_table_has_an_item_and_so_has_each_missing_one)
{
    auto unreadable = materials();
    unreadable.name.name = "secrets";
    unreadable.may_select = false;
    auto generated = materials();
    generated.name.name = "computed";
    generated.columns[2].generated = true;
    generated.columns[2].published = false;
    auto parent = materials();
    parent.name.name = "parent";
    parent.has_inheritors = true;
    auto guarded = materials();
    guarded.name.name = "guarded";
    guarded.row_security = true;
    auto named = materials();
    named.name.name = "named";
    named.columns[1].described.type = regclass_type;
    table_setting gone;
    gone.schema = "public";
    gone.name = "gone";
    table_setting empty;
    empty.schema = "void";
    auto items =
        check_tables({{materials(), unreadable, generated, parent, guarded, named}, {gone, empty}}, {}, "mirror");
    BOOST_TEST(with(verdict::passed, items) == "table public.materials");
    BOOST_TEST(with(verdict::warning, items) ==
               "table public.computed, table public.parent, table public.guarded, table public.named");
    BOOST_TEST(with(verdict::failed, items) == "table public.secrets, table public.gone, tables void.*");
    BOOST_TEST(item_named("table public.secrets", items).reason == errc::permission_denied);
    BOOST_TEST(item_named("table public.secrets", items)
                   .remedy.ends_with("GRANT SELECT ON \"public\".\"secrets\" TO \"mirror\";"));
    BOOST_TEST(item_named("table public.gone", items).reason == errc::table_missing);
    BOOST_TEST(item_named("tables void.*", items).reason == errc::table_missing);
}

BOOST_AUTO_TEST_CASE(names_of_objects_are_found_inside_other_types)
{
    constexpr oid domain = 50'001, array = 50'002, composite = 50'003, harmless = 50'004;
    type_catalog types;
    types.add({.id = domain, .name = "watched", .kind = 'd', .base = regclass_type});
    types.add({.id = array, .name = "_watched", .element = domain});
    types.add({.id = composite, .name = "pair", .kind = 'c', .attributes = {{"a", text_type}, {"b", array}}});
    types.add({.id = harmless, .name = "region", .kind = 'e'});
    for (auto [type, expected] : std::vector<std::pair<oid, verdict>>{{domain, verdict::warning},
                                                                      {array, verdict::warning},
                                                                      {composite, verdict::warning},
                                                                      {harmless, verdict::passed}}) {
        auto table = materials();
        table.columns[1].described.type = type;
        table.columns[1].type_name = "region";
        auto items = check_tables({{table}, {}}, types, "mirror");
        BOOST_TEST_CONTEXT(type) BOOST_TEST((items.front().result == expected), items.front().text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
