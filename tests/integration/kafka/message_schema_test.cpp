#include "made_messages.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <algorithm>

// Tables of which no description says anything, but the schemas in their messages do.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

// What Debezium, as recommended, sends with nothing lost, and its schemas tell.
constexpr const char* types = R"sql(
CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE wide (
    id bigserial PRIMARY KEY, b bool, b1 bit(1), b11 bit(11), i2 int2, i4 int4 NOT NULL, i8 int8, o oid, f4 float4, f8 float8,
    n numeric, n4 numeric(20,4), t text, v varchar(10), c char(5), ch "char", d date, tm time, tm3 time(3), ts timestamp,
    ts0 timestamp(0), ts3 timestamp(3), tz timestamptz, tz0 timestamptz(0), iv interval, u uuid, j json, jb jsonb, x xml,
    by bytea, ine inet, ci cidr, ma macaddr, pt point, tsv tsvector, tsq tsquery, pl pg_lsn, r int4range, rz tstzrange,
    mr int8multirange, h hstore, cit citext, lt ltree, mo mood, po positive, ai int4[], a8 int8[], at text[], an numeric[],
    atz timestamptz[], au uuid[], aj jsonb[], aby bytea[], amo mood[], d1 int DEFAULT 42, d2 text DEFAULT 'x');
CREATE TABLE "Odd Name" ("Key ""1""" text, "key.2" int, "$v" text, PRIMARY KEY ("key.2", "Key ""1"""));
CREATE TABLE by_index (a text NOT NULL, b timestamptz(3) NOT NULL, v int);
CREATE UNIQUE INDEX by_index_ab ON by_index (a, b);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_ab;
CREATE TABLE large (id numeric PRIMARY KEY, n int, t text, l text NOT NULL);
ALTER TABLE large ALTER t SET STORAGE EXTERNAL, ALTER l SET STORAGE EXTERNAL;
)sql";

constexpr const char* rows = R"sql(
INSERT INTO wide VALUES (DEFAULT, true, B'1', B'10100000001', -32768, -2147483648, 9007199254740993, 4294967295, 'NaN', '-Infinity',
    1.00, -99999.99995, E'"\b\n\x01 äß€😀', 'ab', 'ab', 'a', '2024-02-29', '24:00', '12:34:56.789', '2024-02-29 12:34:56.120000',
    '2024-02-29 12:34:56.7', '1969-12-31 23:59:59.999', '2024-02-29 12:34:56.12-05:30', '2024-02-29 12:34:56.7',
    '-1 year -2 mons +3 days -04:05:06.789', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', E'{"a" :\n [1, null]}', '{"b": 1.00}',
    '<a>é</a>', '\x00ff', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.5,-2)', 'a:1 it''s:2,3A', 'a & !b', '16/B374D848',
    '[1,5)', '[2020-01-01 00:00+00,infinity)', '{[1,2),[5,9)}', 'a=>NULL, b=>"q\"\\"', 'Ab', 'a.b.c', 'it''s "fine"', 7,
    '{1,NULL,3}', '{9007199254740993}', '{"a b",NULL,"NULL",""}', '{1.0,1e40,NULL}', '{infinity}',
    '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}', ARRAY['{"a": 1}', NULL]::jsonb[], ARRAY['\x00', '\xff']::bytea[], '{sad}', NULL, NULL);
INSERT INTO wide (i4, n, n4, ts, tz, d, iv, b1) VALUES (1, 'NaN', 'NaN', 'infinity', '-infinity', '0001-01-01', '24 hours', B'0'),
    (2, 1e400, 0, '-infinity', '294276-12-31 23:59:59.999999+00', '5874897-12-31', '0', NULL);
INSERT INTO wide (i4) VALUES (0);
INSERT INTO "Odd Name" VALUES ('a', 1, 'v'), ('"', 2, NULL), ('ü', 3, '') ON CONFLICT DO NOTHING;
UPDATE "Odd Name" SET "Key ""1""" = 'moved' || "Key ""1""" WHERE "key.2" = 2;
DELETE FROM "Odd Name" WHERE "key.2" = 3;
INSERT INTO by_index SELECT 'a', '2024-01-01 00:00:00.123+00'::timestamptz + i * interval '1 s', i
    FROM (SELECT coalesce(max(v), 0) AS most FROM by_index) AS before, generate_series(most + 1, most + 4) i;
UPDATE by_index SET v = v + 1; DELETE FROM by_index WHERE v % 3 = 0;
INSERT INTO large SELECT (SELECT count(*) FROM large) + 0.50, 0, string_agg(md5(i::text), ''), string_agg(md5((i + 1)::text), '')
    FROM generate_series(1, 300) i;
UPDATE large SET n = n + 1;
)sql";

const strings all_tables{"public.wide", "public.\"Odd Name\"", "public.by_index", "public.large"};

/// All but the header.
std::string document_of(const sidecar_process& sidecar)
{
    auto text = read_file(sidecar.current("snapshot.json"));
    return text.substr(std::min(text.find('\n'), text.size()));
}

std::string first_difference(const std::string& described, const std::string& told)
{
    if (described == told) return {};
    auto at = static_cast<std::size_t>(std::ranges::mismatch(described, told).in1 - described.begin());
    auto from = at < 60 ? 0 : at - 60;
    return "described: " + described.substr(from, 120) + "\ntold: " + told.substr(std::min(from, told.size()), 120);
}

/// Waits for the one to hold what the database holds, and for the other to have its bytes.
void check_same(topic_mirror& through, const sidecar_process& described)
{
    BOOST_TEST(through.lasting_difference() == "");
    auto told = document_of(through.sidecar());
    auto is_same = [&] { return document_of(described) == told; };
    if (!wait_for(is_same)) BOOST_TEST(first_difference(document_of(described), told) == "", described.log());
    BOOST_TEST(told.size() > 1000u);
}

topic_mirror_options told(const std::string& name,
                          std::string setup = "CREATE TABLE item (id int PRIMARY KEY, n int, note text);"
                                              "INSERT INTO item VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, NULL)")
{
    return {.name = name, .setup = std::move(setup), .tables = {"public.item"}, .columns = columns_from::messages};
}

void follow(topic_mirror& through)
{
    through.capture();
    through.start_following();
    BOOST_TEST(through.lasting_difference() == "");
}

bool has_rows(const topic_mirror& through, const strings& expected)
{
    return wait_for([&] { return through.rows("item") == expected; });
}

std::uint64_t withheld(const topic_mirror& through)
{
    auto document = through.manifest().at("documents").at(0).as_object();
    return document.contains("withheld_rows") ? document.at("withheld_rows").to_number<std::uint64_t>() : 0;
}

boost::json::array doubts(const topic_mirror& through)
{
    auto table = through.manifest().at("tables").at(0).as_object();
    return table.contains("doubts") ? table.at("doubts").as_array() : boost::json::array{};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schemas_in_messages)

BOOST_AUTO_TEST_CASE(the_document_has_the_same_bytes_as_with_a_description)
{
    topic_mirror through{{.name = "told", .setup = types, .tables = all_tables, .columns = columns_from::messages}};
    auto described = through.described_one();
    through.exec(rows);
    through.capture();
    through.start();
    described->start();
    BOOST_TEST_CONTEXT("copied") check_same(through, *described);
    through.exec(rows);
    BOOST_TEST_CONTEXT("streamed") check_same(through, *described);
    through.stop();
    through.exec(
        "UPDATE wide SET b = NOT b WHERE id % 2 = 0; UPDATE wide SET id = -id WHERE id = 3; DELETE FROM wide WHERE id = 4");
    through.start_following();
    BOOST_TEST_CONTEXT("started again") check_same(through, *described);
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
    BOOST_TEST(withheld(through) == 0u);
}

BOOST_AUTO_TEST_CASE(a_schema_without_description_is_all_topics_of_the_cluster)
{
    topic_mirror through{
        {.name = "whole",
         .setup = "CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (1);"
                  "CREATE TABLE \"The Other\" (id int PRIMARY KEY, v text); INSERT INTO \"The Other\" VALUES (2, 'x')",
         .tables = {"public.one", "public.\"The Other\""},
         .columns = columns_from::messages,
         .followed = {"'public.*'"}}};
    through.start();
    BOOST_TEST(through.comes_to("topic_missing"), through.explain());
    through.kill();
    through.capture();
    read_until(through.topic("The_Other"), [](const auto& messages) { return !messages.empty(); });
    through.start();
    BOOST_TEST(through.lasting_difference() == "");
}

BOOST_AUTO_TEST_CASE(an_added_text_is_null_in_rows_from_before_and_the_table_is_marked)
{
    topic_mirror through{told("told_text")};
    follow(through);
    through.exec("ALTER TABLE item ADD more text; UPDATE item SET more = 'x' WHERE id = 1");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(withheld(through) == 0u);
    BOOST_TEST(doubts(through) == (boost::json::array{"untold_defaults"}));
}

BOOST_AUTO_TEST_CASE(an_added_number_is_null_in_rows_from_before_and_the_table_is_marked)
{
    topic_mirror through{told("told_number")};
    follow(through);
    through.exec("ALTER TABLE item ADD more int; UPDATE item SET more = 5 WHERE id = 1");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(withheld(through) == 0u);
    BOOST_TEST(doubts(through) == (boost::json::array{"untold_defaults"}));
}

BOOST_AUTO_TEST_CASE(what_rows_from_before_hold_in_a_column_with_a_default_is_not_made_up)
{
    for (const char* type : {"int DEFAULT 7", "text[] DEFAULT '{a}'"}) {
        auto name = std::string{"told_default_"} + type[0];
        topic_mirror through{told(name)};
        follow(through);
        through.exec(std::string{"ALTER TABLE item ADD more "} + type + "; UPDATE item SET n = 10 WHERE id = 1");
        BOOST_TEST(wait_for([&] { return through.rows("item").size() == 1 && withheld(through) == 2; }),
                   through.explain());
        through.exec("UPDATE item SET n = n + 1");
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(withheld(through) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(columns_that_go_are_renamed_or_get_another_type_are_followed)
{
    topic_mirror through{told("told_ddl", "CREATE TABLE item (id int PRIMARY KEY, n int, note varchar(20), gone int);"
                                          "INSERT INTO item VALUES (1, 1, 'a', 1), (2, 2, 'b', 2), (3, 3, NULL, 3)")};
    follow(through);
    through.exec("ALTER TABLE item DROP gone; UPDATE item SET n = 10 WHERE id = 1");
    BOOST_TEST(through.lasting_difference() == "");
    through.exec(
        "ALTER TABLE item ALTER note TYPE text, ALTER n TYPE bigint; UPDATE item SET n = 9007199254740993 WHERE id = 1");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(doubts(through) == (boost::json::array{"other_types"}));
    through.exec("ALTER TABLE item RENAME note TO remark; UPDATE item SET n = 11 WHERE id = 1");
    BOOST_TEST(has_rows(through, {R"({"id":1,"n":11,"remark":"a"})"}), through.explain());
    through.exec("UPDATE item SET n = n + 1");
    BOOST_TEST(through.lasting_difference() == "");
    // One that came and went before it was read: the newest message says what it said before.
    auto read = through.logged("copy_started");
    through.sidecar().signal(SIGSTOP);
    through.exec(
        "ALTER TABLE item ADD brief int; UPDATE item SET brief = 1; ALTER TABLE item DROP brief; UPDATE item SET n = n + 1");
    read_until(through.topic("item"), [](const auto& messages) {
        return !messages.empty() && messages.back().value &&
               messages.back().value->find("brief") == std::string::npos &&
               messages[messages.size() - 4].value->find("brief") != std::string::npos;
    });
    through.sidecar().signal(SIGCONT);
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(through.logged("copy_started") == read + 1, through.explain());
}

BOOST_AUTO_TEST_CASE(what_a_change_of_type_made_of_a_value_is_not_made_up)
{
    topic_mirror through{told("told_using")};
    follow(through);
    through.exec(
        "ALTER TABLE item ALTER n TYPE text USING n::text || ' pieces'; UPDATE item SET n = 'none' WHERE id = 1");
    BOOST_TEST(wait_for([&] { return through.rows("item").size() == 1 && withheld(through) == 2; }), through.explain());
    through.exec("ALTER TABLE item ALTER n TYPE int USING length(n); UPDATE item SET n = 10 WHERE id = 1");
    // What was sent before both changes has the right type again, and may be wrong: the table is marked.
    BOOST_TEST(wait_for([&] { return through.rows("item").size() == 3; }), through.explain());
    BOOST_TEST(doubts(through) == (boost::json::array{"other_types"}));
    through.exec("UPDATE item SET n = n + 1");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(withheld(through) == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_is_known_of_an_empty_topic_until_a_row_comes)
{
    auto options = made_table("told_empty");
    options.columns = columns_from::messages;
    topic_mirror through{options};
    message_maker make{through.name(), schemas::sent};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.partitions = 2, .config = {{"cleanup.policy", "compact"}}});
    BOOST_TEST(through.sidecar().run("check") != 0);
    BOOST_TEST(through.logged("describe the tables for source.kafka.description") == 1u, through.explain());
    through.start();
    BOOST_TEST(through.comes_to("columns_unknown"), through.explain());
    BOOST_TEST(
        through.reason_text().find("of the newest 0 record(s) of topic told_empty.public.item") != std::string::npos,
        through.explain());
    shared_topics().produce(topic, {make.row({.id = 1, .n = 1}), make.row({.id = 2, .n = 2})});
    BOOST_TEST(has_rows(through, {item(1, 1), item(2, 2)}), through.explain());
    BOOST_TEST(through.sidecar().run_beside("check") == 0, through.explain());
    BOOST_TEST(through.logged("from the schemas in messages: come as Postgres prints them") == 1u, through.explain());
}

BOOST_AUTO_TEST_CASE(a_record_that_tells_is_found_behind_many_that_do_not)
{
    auto options = made_table("told_deep");
    options.columns = columns_from::messages;
    topic_mirror through{options};
    message_maker make{through.name(), schemas::sent};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact"}}});
    std::vector<kafka_message> messages{make.row({.id = 1, .n = 1}), make.row({.id = 2, .n = 2})};
    for (int times = 0; times < 500; ++times) messages.push_back(make.tombstone(2));
    shared_topics().produce(topic, messages);
    through.start();
    BOOST_TEST(has_rows(through, {item(1, 1)}), through.explain());
}

BOOST_AUTO_TEST_CASE(records_without_a_schema_of_their_row_or_key_are_named)
{
    auto options = made_table("told_bare");
    options.columns = columns_from::messages;
    options.source = "    complete: [public.item]\n";
    topic_mirror through{options};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact,delete"}}});
    message_maker bare{through.name()};
    message_maker whole{through.name(), schemas::sent};
    auto row = bare.row({.id = 1, .n = 1});
    shared_topics().produce(topic, {row});
    through.start();
    BOOST_TEST(through.comes_to("columns_unknown"), through.explain());
    BOOST_TEST(through.reason_text().find("told_bare.public.item [0] at offset 0 has no schema") != std::string::npos);
    row = whole.row({.id = 1, .n = 1});
    row.key = message_maker::key(1);
    shared_topics().produce(topic, {row});
    auto key_is_missed = [&] {
        return through.reason_text().find("the key of told_bare.public.item [0] at offset 1 has no schema") !=
               std::string::npos;
    };
    shared_topics().delete_before(topic, 0, 1);
    BOOST_TEST(wait_for(key_is_missed), through.explain());
    shared_topics().produce(topic, {whole.row({.id = 2, .n = 2})});
    BOOST_TEST(has_rows(through, {item(1, 1), item(2, 2)}), through.explain());
}

BOOST_AUTO_TEST_CASE(a_column_whose_schema_does_not_tell_its_type_is_refused_until_it_is_left_out)
{
    auto options =
        told("told_type", "CREATE TYPE pair AS (a int, b text);"
                          "CREATE TABLE item (id int PRIMARY KEY, two pair); INSERT INTO item VALUES (1, ROW(1, 'x'))");
    topic_mirror through{options};
    through.capture();
    read_until(through.topic("item"), [](const auto& messages) { return !messages.empty(); });
    BOOST_TEST(through.sidecar().run("check") != 0);
    BOOST_TEST(through.logged(
                   "the schema of column two in the messages, string (pair), does not tell its type: describe") == 1u,
               through.explain());
    BOOST_TEST(through.sidecar().run("run") == 4, through.explain());
    options.name = "told_left_out";
    options.followed = {"{table: public.item, exclude: [two]}"};
    topic_mirror without{options};
    without.capture();
    without.start();
    BOOST_TEST(has_rows(without, {R"({"id":1})"}), without.explain());
}

BOOST_AUTO_TEST_CASE(what_types_come_alike_without_their_own_is_said_of_each_column)
{
    auto options = told(
        "told_alike", "CREATE TABLE item (id bigint PRIMARY KEY, t text, b bool, d date); INSERT INTO item VALUES (1)");
    options.connector = {{"column.propagate.source.type", "no"}};
    topic_mirror through{options};
    follow(through);
    through.sidecar().run_beside("check");
    for (const char* said :
         {"id (int8): oid cannot be told from it", "t (text): numeric, money, bytea and composite types as text cannot",
          "b (bool): bit(1) cannot"})
        BOOST_TEST(through.logged(said) == 1u, through.explain());
    BOOST_TEST(through.logged("d (date): bit") == 0u);
    auto columns = through.manifest().at("tables").at(0).at("columns").as_array();
    BOOST_TEST(columns.at(0).as_object().contains("loss"));
}

BOOST_AUTO_TEST_CASE(a_table_that_was_emptied_is_followed_as_it_was)
{
    auto options = made_table("told_emptied");
    options.columns = columns_from::messages;
    options.source = "    complete: [public.item]\n";
    topic_mirror through{options};
    message_maker make{through.name(), schemas::sent};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact,delete"}}});
    shared_topics().produce(topic, {make.row({.id = 1, .n = 1})});
    through.start();
    BOOST_TEST(has_rows(through, {item(1, 1)}), through.explain());
    shared_topics().produce(topic, {make.removal(1), make.tombstone(1)});
    BOOST_TEST(has_rows(through, {}), through.explain());
    through.stop();
    shared_topics().delete_before(topic, 0, 2);  // as compaction leaves it: the tombstone
    through.start();
    BOOST_TEST(wait_for([&] { return through.state() == "streaming"; }), through.explain());
    shared_topics().produce(topic, {make.row({.id = 2, .n = 2})});
    BOOST_TEST(has_rows(through, {item(2, 2)}), through.explain());
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
