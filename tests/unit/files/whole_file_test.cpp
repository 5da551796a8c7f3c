#include "files/whole_file.hpp"

#include "support/files.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace understudy {

namespace {

using namespace testing;
using std::filesystem::perms;

struct kit {
    temp_directory directory;
    std::filesystem::path file = directory / "tables.json";

    perms rights() const { return std::filesystem::status(file).permissions(); }

    std::vector<std::string> names() const
    {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator{directory.path()})
            found.push_back(entry.path().filename());
        std::sort(found.begin(), found.end());
        return found;
    }
};

const std::vector<std::string> only_the_file{"tables.json"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(whole_file, kit)

BOOST_AUTO_TEST_CASE(a_new_file_has_the_rights_that_the_umask_leaves)
{
    auto before = ::umask(027);
    auto written = write_whole_file(file, "one");
    ::umask(before);
    BOOST_TEST_REQUIRE(written.has_value());
    BOOST_TEST(read_file(file) == "one");
    BOOST_TEST((rights() == (perms::owner_read | perms::owner_write | perms::group_read)));
    BOOST_TEST(names() == only_the_file, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_is_replaced_and_keeps_its_rights)
{
    write_file(file, "something longer");
    std::filesystem::permissions(file, perms::owner_read | perms::others_read);
    BOOST_TEST_REQUIRE(write_whole_file(file, "two").has_value());
    BOOST_TEST(read_file(file) == "two");
    BOOST_TEST((rights() == (perms::owner_read | perms::others_read)));
    BOOST_TEST(names() == only_the_file, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_link_goes_on_leading_to_the_file)
{
    write_file(file, "one");
    auto link = directory / "link";
    std::filesystem::create_symlink("tables.json", link);
    BOOST_TEST_REQUIRE(write_whole_file(link, "two").has_value());
    BOOST_TEST(std::filesystem::is_symlink(link));
    BOOST_TEST(read_file(file) == "two");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused_and_stays)
{
    BOOST_TEST_REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    auto written = write_whole_file(file, "two");
    BOOST_TEST_REQUIRE(!written.has_value());
    BOOST_TEST(written.error().code == errc::storage_failed);
    BOOST_TEST(written.error().text == file.native() + " is not a regular file");
    BOOST_TEST(std::filesystem::is_fifo(file));
    BOOST_TEST(names() == only_the_file, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there_is_not_made)
{
    auto written = write_whole_file(directory / "none" / "tables.json", "two");
    BOOST_TEST_REQUIRE(!written.has_value());
    BOOST_TEST(written.error().code == errc::storage_failed);
    BOOST_TEST(names().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
