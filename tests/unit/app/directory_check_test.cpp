#include "app/directory_check.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <unistd.h>

using namespace understudy;

namespace {

settings with_group(const std::string& group)
{
    settings wanted;
    wanted.state_directory = "/tmp";
    wanted.snapshot.directory = "/tmp";
    wanted.snapshot.group = group;
    return wanted;
}

const check_item* owner_item(const std::vector<check_item>& items)
{
    auto found = std::find_if(items.begin(), items.end(), [](auto& item) { return item.name == "snapshot owner"; });
    return found == items.end() ? nullptr : &*found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(directory_checks)

BOOST_AUTO_TEST_CASE(a_group_that_nobody_knows_fails_and_is_named)
{
    auto items = check_directories(with_group("no-such-group"));
    const auto* item = owner_item(items);
    BOOST_TEST_REQUIRE(item);
    BOOST_TEST((item->result == verdict::failed));
    BOOST_TEST((item->reason == errc::bad_config));
    BOOST_TEST(item->text.find("no-such-group") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(files_can_be_given_to_our_own_group)
{
    auto items = check_directories(with_group(std::to_string(::getegid())));
    const auto* item = owner_item(items);
    BOOST_TEST_REQUIRE(item);
    BOOST_TEST((item->result == verdict::passed));
}

BOOST_AUTO_TEST_CASE(only_root_gives_files_to_a_group_that_it_is_not_in)
{
    auto items = check_directories(with_group("4000000000"));
    const auto* item = owner_item(items);
    BOOST_TEST_REQUIRE(item);
    BOOST_TEST((item->result == (::geteuid() == 0 ? verdict::passed : verdict::failed)));
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_about_when_no_owner_is_set)
{
    BOOST_TEST(!owner_item(check_directories(with_group(""))));
}

BOOST_AUTO_TEST_SUITE_END()
