#include "settings/nearest.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace understudy {

BOOST_AUTO_TEST_SUITE(nearest_name)

BOOST_AUTO_TEST_CASE(a_slip_of_the_finger_finds_its_word)
{
    std::vector<std::string> words{"keep", "grace", "directory", "tables"};
    BOOST_TEST(nearest("kep", words) == "keep");
    BOOST_TEST(nearest("direcotry", words) == "directory");
    BOOST_TEST(nearest("tabels", words) == "tables");
    BOOST_TEST(nearest("grace", words) == "grace");
}

BOOST_AUTO_TEST_CASE(another_word_finds_nothing)
{
    std::vector<std::string> words{"keep", "grace", "directory"};
    for (auto word : {"", "x", "interval", "keeping_it_all"}) BOOST_TEST(nearest(word, words).empty());
    BOOST_TEST(nearest(std::string(10'000, 'k'), words).empty());
    BOOST_TEST(nearest("keep", {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
