#include "support/markdown.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

namespace {

constexpr const char* page = "# Page\n"
                             "## One\n"
                             "a `first` and `second`\n"
                             "```sql\n"
                             "SELECT `x`;\n"
                             "## no heading\n"
                             "```\n"
                             "### Inner\n"
                             "| head | `h` |\n"
                             "|---|---|\n"
                             "| `a` | b |\n"
                             "\n"
                             "| other | head |\n"
                             "## Two\n"
                             "end\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(markdown)

BOOST_AUTO_TEST_CASE(a_section_ends_at_the_next_heading_of_its_level)
{
    auto section = section_of(page, "## One");
    BOOST_TEST(section.starts_with("## One\n"));
    BOOST_TEST(section.ends_with("| other | head |\n"));
    BOOST_TEST(section_of(page, "## Two") == "## Two\nend\n");
    BOOST_TEST(section_of(page, "## Three").empty());
}

BOOST_AUTO_TEST_CASE(rows_of_a_table_come_without_its_head)
{
    auto rows = table_rows(page);
    BOOST_REQUIRE(rows.size() == 1u);
    BOOST_TEST(rows.front().at(0) == "`a`");
    BOOST_TEST(rows.front().at(1) == "b");
}

BOOST_AUTO_TEST_CASE(code_in_a_fenced_block_is_no_code_span)
{
    auto spans = code_spans(page);
    BOOST_REQUIRE(spans.size() == 4u);
    BOOST_TEST(spans.at(1) == "second");
    BOOST_TEST(spans.at(3) == "a");
}

BOOST_AUTO_TEST_CASE(fenced_blocks_are_found_by_language)
{
    auto blocks = fenced_blocks(page, "sql");
    BOOST_REQUIRE(blocks.size() == 1u);
    BOOST_TEST(blocks.front() == "SELECT `x`;\n## no heading\n");
    BOOST_TEST(fenced_blocks(page, "yaml").empty());
}

BOOST_AUTO_TEST_SUITE_END()
