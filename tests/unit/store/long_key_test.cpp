#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

/// Keys of many lengths around the limits, several of them alike in their first 479 bytes and beyond.
std::vector<std::string> awkward_keys()
{
    std::vector<std::string> keys;
    for (std::size_t size : {1u, 477u, 478u, 479u, 480u, 481u, 510u, 511u, 512u, 2000u})
        for (const char* end : {"", "a", "b", "ab", "\xff"}) {
            keys.push_back(std::string(size, 'k') + end);
            keys.push_back(std::string(size - 1, 'k') + "j" + end);
        }
    for (char last = 'a'; last <= 'z'; ++last) keys.push_back(std::string(700, 'z') + last);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

/// A name for each key, as its row.
std::vector<std::string> names_of(const std::vector<std::string>& keys)
{
    std::vector<std::string> names;
    for (std::size_t index = 0; index < keys.size(); ++index) names.push_back(std::to_string(index));
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(long_keys)

BOOST_AUTO_TEST_CASE(rows_come_in_the_order_of_their_whole_keys)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    auto keys = awkward_keys();
    auto names = names_of(keys);
    std::vector<std::size_t> order(keys.size());
    for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
    std::shuffle(order.begin(), order.end(), std::mt19937{11});
    for (auto index : order) {
        change_batch batch;
        batch.put(rows, keys[index], tuple({names[index]}));
        require(opened->commit_group(batch, position_at(100)));
    }
    BOOST_TEST(rows_of(*opened, rows) == names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_group_with_all_of_them_gives_the_same_order)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = opened->create_epoch();
    require(rows);
    auto keys = awkward_keys();
    auto names = names_of(keys);
    change_batch batch;
    for (std::size_t index = 0; index < keys.size(); ++index) batch.put(*rows, keys[index], tuple({names[index]}));
    require(opened->load(*rows, batch));
    BOOST_TEST(rows_of(*opened, *rows) == names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_of_them_can_be_replaced_moved_and_removed)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    for (const auto& key : awkward_keys()) {
        change_batch batch;
        batch.put(rows, key, tuple({"1", "kept"}));
        require(opened->commit_group(batch, position_at(100)));
        batch.reset();
        batch.move(rows, key, key + "moved", tuple({"2", "~"}));
        require(opened->commit_group(batch, position_at(200)));
        BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"2,kept"}));
        batch.reset();
        batch.remove(rows, key + "moved");
        require(opened->commit_group(batch, position_at(300)));
        BOOST_TEST(rows_of(*opened, rows).empty());
    }
}

BOOST_AUTO_TEST_CASE(long_rows_of_a_multiset_are_counted)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened, row_identity::multiset);
    std::string key(3000, 'k');
    for (int round = 0; round < 2; ++round) {
        change_batch batch;
        batch.add(rows, key + "b", tuple({"b"}));
        batch.add(rows, key + "a", tuple({"a"}));
        require(opened->commit_group(batch, position_at(100)));
    }
    change_batch batch;
    batch.subtract(rows, key + "b");
    require(opened->commit_group(batch, position_at(200)));
    BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"a*2", "b"}));
}

BOOST_AUTO_TEST_CASE(a_row_without_a_key_is_our_own_mistake)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    batch.put(rows, "", tuple({"1"}));
    BOOST_TEST(opened->commit_group(batch, position_at(1)).error().code == errc::internal);
}

BOOST_AUTO_TEST_SUITE_END()
