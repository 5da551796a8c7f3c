#include "settings/identifier.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace understudy {

namespace {

std::string complaint_about(std::string_view text)
{
    auto name = parse_table_name(text);
    return name ? "accepted" : name.error().text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(identifiers)

BOOST_AUTO_TEST_CASE(names_are_read_as_sql_writes_them)
{
    std::vector<std::tuple<std::string, std::string, std::string>> rows{
        {"public.materials", "public", "materials"},
        {"\"My.Schema\".\"T\"", "My.Schema", "T"},
        {"a.\"say \"\"hi\"\"\"", "a", "say \"hi\""},
        {"public.*", "public", ""},
        {"\"S\".*", "S", ""},
        {"public.\"*\"", "public", "*"},
        {"_a1$.b2", "_a1$", "b2"},
        {"schön.größe", "schön", "größe"},
    };
    for (const auto& [text, schema, table] : rows) {
        BOOST_TEST_CONTEXT(text) {
            auto name = parse_table_name(text);
            BOOST_REQUIRE(name);
            BOOST_TEST(name->schema == schema);
            BOOST_TEST(name->name == table);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_name_without_schema_says_what_to_write)
{
    BOOST_TEST(complaint_about("materials") == "the schema is missing: write public.materials");
    BOOST_TEST(complaint_about("\"My Table\"") == "the schema is missing: write public.\"My Table\"");
}

BOOST_AUTO_TEST_CASE(capitals_without_quotes_are_refused_because_sql_would_fold_them)
{
    BOOST_TEST(complaint_about("public.Materials") ==
               "capital letters need double quotes as in SQL, e.g. public.\"Materials\"");
}

BOOST_AUTO_TEST_CASE(what_is_no_name_is_refused)
{
    for (auto text : {"",     ".",     "a.",  ".a",     "a.b.c", "*",      "*.*",    "*.a",       "a.b*",     "a-b.c",
                      "1a.b", "a b.c", "\"a", "\"a\"b", "a.\"b", "\"\".a", "a.\"\"", "\"a\".b.c", "a.\"b\"c", "a. b"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(complaint_about(text) != "accepted");
}

BOOST_AUTO_TEST_CASE(a_quoted_name_cut_at_any_byte_is_refused)
{
    std::string whole = "\"a\"\"b.c\".\"d\"";
    BOOST_TEST(complaint_about(whole) == "accepted");
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length) BOOST_TEST(complaint_about(whole.substr(0, length)) != "accepted");
}

BOOST_AUTO_TEST_CASE(a_name_longer_than_postgres_allows_is_refused)
{
    BOOST_TEST(complaint_about("public." + std::string(189, 'a')) == "accepted");
    BOOST_TEST(complaint_about("public." + std::string(190, 'a')) == "a name is longer than Postgres allows");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_the_same)
{
    for (const auto& part : {"plain", "My", "a.b", "q\"q", "*", "1", "sp ace", "ü", "$x"}) {
        table_name name{part, part};
        BOOST_TEST_CONTEXT(quoted(name)) BOOST_TEST((*parse_table_name(quoted(name)) == name));
    }
    BOOST_TEST(quoted({"public", "materials"}) == "public.materials");
    BOOST_TEST(quoted({"public", ""}) == "public.*");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
