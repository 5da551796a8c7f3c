#include "source/postgres/copy.hpp"

#include "unit/source/table_kit.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace understudy::table_kit;

namespace {

std::string copy_of(const table_facts& facts)
{
    return copy_statement(facts, plan_table(facts, {}).value());
}
std::string rows_of(const table_facts& facts)
{
    return rows_query(facts, plan_table(facts, {}).value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(copy_statements)

BOOST_AUTO_TEST_CASE(a_plain_table_is_copied_without_its_inheritors)
{
    BOOST_TEST(copy_of(materials()) == R"(COPY "public"."materials" ("id", "code", "note") TO STDOUT)");
    BOOST_TEST(rows_of(materials()) == R"(SELECT "id", "code", "note" FROM ONLY "public"."materials")");
}

BOOST_AUTO_TEST_CASE(only_mirrored_columns_are_asked_for)
{
    auto facts = materials();
    facts.setting.exclude = {"note"};
    BOOST_TEST(copy_of(facts) == R"(COPY "public"."materials" ("id", "code") TO STDOUT)");
    BOOST_TEST(rows_of(facts) == R"(SELECT "id", "code" FROM ONLY "public"."materials")");
}

BOOST_AUTO_TEST_CASE(a_row_filter_is_applied_to_the_copy)
{
    auto facts = materials();
    facts.row_filter = "(id > 5)";
    BOOST_TEST(copy_of(facts) ==
               R"(COPY (SELECT "id", "code", "note" FROM ONLY "public"."materials" WHERE (id > 5)) TO STDOUT)");
}

BOOST_AUTO_TEST_CASE(a_partitioned_table_is_copied_through_its_root)
{
    auto facts = materials();
    facts.kind = 'p';
    facts.leaf_identities = "d";
    BOOST_TEST(copy_of(facts) == R"(COPY (SELECT "id", "code", "note" FROM "public"."materials") TO STDOUT)");
}

// COPY table (columns) refuses generated columns.
BOOST_AUTO_TEST_CASE(a_published_generated_column_is_selected)
{
    auto facts = materials();
    facts.columns[2].generated = true;
    BOOST_TEST(copy_of(facts) == R"(COPY (SELECT "id", "code", "note" FROM ONLY "public"."materials") TO STDOUT)");
    facts.setting.exclude = {"note"};
    BOOST_TEST(copy_of(facts) == R"(COPY "public"."materials" ("id", "code") TO STDOUT)");
}

BOOST_AUTO_TEST_CASE(hostile_names_stay_names)
{
    auto facts = materials();
    facts.name = {"s\"; DROP TABLE x; --", "T\"a"};
    facts.columns[1].described.name = "co\"de) TO PROGRAM 'x'";
    BOOST_TEST(copy_of(facts) ==
               R"(COPY "s""; DROP TABLE x; --"."T""a" ("id", "co""de) TO PROGRAM 'x'", "note") TO STDOUT)");
}

BOOST_AUTO_TEST_SUITE_END()
