#include "app/output.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <sstream>

namespace understudy {

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(columns_are_aligned_by_characters)
{
    text_table table;
    table.add({"a", "größe", "x"});
    table.add({"bcd", "1", "y"});
    table.add({"a last cell as wide as it likes"});
    std::ostringstream out;
    table.write(out);
    BOOST_TEST(out.str() == "a    größe  x\nbcd  1      y\na last cell as wide as it likes\n");
}

BOOST_AUTO_TEST_CASE(cells_have_no_control_characters)
{
    text_table table;
    table.add({"a\x1b[2J\nb"});
    std::ostringstream out;
    table.write(out);
    BOOST_TEST(out.str() == "a [2J b\n");
}

BOOST_AUTO_TEST_CASE(json_is_indented_and_reads_back_the_same)
{
    auto value = boost::json::parse(R"({"a":[1,{"b":null}],"e":[],"o":{},"s":"x\ny"})");
    std::ostringstream out;
    write_json(out, value);
    BOOST_TEST(out.str().starts_with("{\n  \"a\": [\n    1,\n"));
    BOOST_TEST((boost::json::parse(out.str()) == value));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
