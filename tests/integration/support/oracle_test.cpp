#include "support/files.hpp"
#include "support/oracle.hpp"
#include "support/postgres_server.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace understudy::testing;

namespace {

const std::string document = R"({"understudy":{"format":1,"generation":7},
"materials":[
{"id":1,"name":"steel"},
{"id":2,"name":"a, \"b\" ]"}
],
"sales.orders":[
]
}
)";

published_document parse(const std::string& text)
{
    temp_directory directory;
    write_file(directory / "snapshot.json", text);
    return read_document(directory / "snapshot.json");
}

/// A server with the two tables of `document`, and what the oracle says of them.
struct shop {
    shop()
    {
        session.exec("CREATE SCHEMA sales;"
                     "CREATE TABLE materials (id int PRIMARY KEY, name text, hidden text);"
                     "CREATE TABLE sales.orders (id int PRIMARY KEY);"
                     "INSERT INTO materials VALUES (1, 'steel'), (2, 'a, \"b\" ]'), (3, 'filtered')");
    }

    member_rows expected() { return read_at_consistent_point(server.connection_string(), tables).rows; }

    postgres_server server;
    sql_session session{server.connection_string()};
    std::vector<oracle_table> tables{
        {.table = "public.materials", .member = "materials", .columns = {"id", "name"}, .filter = "id < 3"},
        {.table = "sales.orders", .member = "sales.orders"},
    };
};

}  // namespace

BOOST_AUTO_TEST_SUITE(the_oracle)

BOOST_AUTO_TEST_CASE(a_right_document_has_no_difference)
{
    shop database;
    auto found = parse(document);
    BOOST_TEST(found.header == R"({"format":1,"generation":7})");
    BOOST_TEST(difference(database.expected(), found.rows) == "");
}

BOOST_AUTO_TEST_CASE(planted_differences_are_found_and_named)
{
    shop database;
    auto expected = database.expected();
    auto wrong = [&](const std::string& from, const std::string& to) {
        auto text = document;
        text.replace(text.find(from), from.size(), to);
        return difference(expected, parse(text).rows);
    };
    BOOST_TEST(wrong("steel", "Steel").find(R"({"id":1,"name":"Steel"})") != std::string::npos);
    BOOST_TEST(wrong("{\"id\":1,\"name\":\"steel\"},\n", "").find("only in the database") != std::string::npos);
    BOOST_TEST(wrong("[\n]", "[\n{\"id\":1}\n]").find("only in the document") != std::string::npos);
    BOOST_TEST(wrong("sales.orders", "orders").find("sales.orders: not in") != std::string::npos);
    // A row twice is a difference, too: multisets are compared, not sets.
    auto twice =
        wrong("{\"id\":1,\"name\":\"steel\"},\n", "{\"id\":1,\"name\":\"steel\"},\n{\"id\":1,\"name\":\"steel\"},\n");
    BOOST_TEST(twice.find("only in the document") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_document_cut_anywhere_is_refused)
{
    auto end = document.rfind('}');
    for (std::size_t length = 0; length < end; ++length)
        BOOST_TEST_CONTEXT("length " << length)
            BOOST_CHECK_THROW(parse(document.substr(0, length)), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_document_without_header_and_with_an_empty_table_is_read)
{
    auto found = parse("{\n\"a\":[\n],\n\"b\":[\n{\"x\":1}\n]\n}\n");
    BOOST_TEST(found.header == "");
    BOOST_TEST(found.rows.at("a").empty());
    BOOST_TEST(found.rows.at("b").at(0) == "{\"x\":1}");
}

BOOST_AUTO_TEST_CASE(a_keyed_member_is_compared_with_its_names)
{
    shop database;
    database.tables = {{.table = "public.materials", .member = "materials", .columns = {"name"}, .keyed_by = "name"}};
    auto expected = database.expected();
    auto right = parse("{\"understudy\":{},   \n\"materials\":{\n\"steel\":{\"name\":\"steel\"},\n"
                       R"("a, \"b\" ]":{"name":"a, \"b\" ]"},)"
                       "\n\"filtered\":{\"name\":\"filtered\"}\n}\n}\n");
    BOOST_TEST(right.header == "{}");
    BOOST_TEST(difference(expected, right.rows) == "");
    auto wrong = parse("{\n\"materials\":{\n\"other\":{\"name\":\"steel\"}\n}\n}\n");
    BOOST_TEST(difference(expected, wrong.rows).find("only in the document") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(values_are_printed_in_fixed_formats_whatever_the_database_says)
{
    shop database;
    database.session.exec(
        "ALTER DATABASE postgres SET TimeZone = 'Asia/Kolkata';"
        "ALTER DATABASE postgres SET IntervalStyle = 'iso_8601';"
        "ALTER TABLE sales.orders ADD at timestamptz, ADD took interval, ADD doc json;"
        "INSERT INTO sales.orders VALUES (1, '2026-01-02 03:04:05.5+00', '1 day 2 hours', E'[1,\\n2]')");
    auto rows = database.expected();
    BOOST_TEST(rows.at("sales.orders").at(0) ==
               R"({"id":1,"at":"2026-01-02T03:04:05.5+00:00","took":"1 day 02:00:00","doc":[1, 2]})");
}

BOOST_AUTO_TEST_CASE(rows_under_load_belong_to_one_commit)
{
    postgres_server server;
    sql_session session{server.connection_string()};
    session.exec("CREATE TABLE public.a (n int); CREATE TABLE public.b (n int);"
                 "INSERT INTO a VALUES (0); INSERT INTO b VALUES (0)");
    workload::create_tables(session);
    workload load{{.connection = server.connection_string(), .seed = 4}};
    for (int round = 0; round < 5; ++round) {
        session.exec("UPDATE a SET n = n + 1; UPDATE b SET n = n + 1");
        auto state = read_at_consistent_point(server.connection_string(),
                                              {{.table = "a", .member = "a"}, {.table = "b", .member = "b"}});
        BOOST_TEST(state.rows.at("a") == state.rows.at("b"), boost::test_tools::per_element());
        BOOST_TEST(state.position.find('/') != std::string::npos);
    }
    load.stop();
    std::vector<oracle_table> items{{.table = "public.items", .member = "items"}};
    BOOST_TEST(difference(read_now(server.connection_string(), items),
                          read_at_consistent_point(server.connection_string(), items).rows) == "");
}

BOOST_AUTO_TEST_SUITE_END()
