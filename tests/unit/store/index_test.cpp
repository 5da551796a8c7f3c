#include "child.hpp"
#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>
#include <tuple>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

constexpr oid int4 = 23;
constexpr oid text = 25;

/// Rows of three columns: parent (int4), rank (text), body. By parent, then rank as it says.
row_index by_parent(epoch rows, bool descending = false)
{
    return {.rows = rows, .columns = {{0, int4, false}, {1, text, descending}}, .matched = 1};
}

std::string parent_bytes(const std::string& parent)
{
    std::string key;
    BOOST_TEST(!fragment_key{int4}.append(parent, key));
    return key;
}

/// The bodies of a parent's rows, in the order of the index.
std::vector<std::string> children(const read_snapshot& snapshot, const row_index& index, const std::string& parent)
{
    auto lookup = snapshot.look_up(index);
    require(lookup);
    std::vector<std::string> found;
    auto visited = (*lookup)->each(
        parent_bytes(parent), [&](std::string_view, std::string_view row, std::uint64_t count) -> outcome<void> {
            auto values = text_of(row);
            found.push_back(values.substr(values.rfind(',') + 1) + (count == 1 ? "" : fmt::format("*{}", count)));
            return {};
        });
    require(visited);
    return found;
}

std::vector<std::string> children(store& from, const row_index& index, const std::string& parent)
{
    auto snapshot = from.read();
    require(snapshot);
    return children(**snapshot, index, parent);
}

using names = std::vector<std::string>;

void commit(store& to, const change_batch& batch)
{
    require(to.commit_group(batch, position_at(to.state().position.position.value + 100)));
}

/// What the store is compared with: every row, and random changes that make sense for them.
class model {
public:
    explicit model(unsigned seed) : random_{seed} {}

    void change(change_batch& batch, epoch rows)
    {
        auto key = random_key();
        switch (number(12)) {
        case 0:
            batch.remove(rows, key);
            rows_.erase(key);
            break;
        case 1: keep_parent(batch, rows, key); break;
        case 2:
        case 3: move(batch, rows, key, random_key()); break;
        case 4: clear_seldom(batch, rows); break;
        default: put(batch, rows, key);
        }
    }

    names of_parent(const std::string& parent, bool descending) const
    {
        std::vector<std::tuple<std::string, std::string, std::string>> sorted;
        for (const auto& [key, row] : rows_)
            if (row.parent == parent) sorted.emplace_back(rank_order(row.rank, descending), key, row.body);
        std::sort(sorted.begin(), sorted.end());
        names bodies;
        for (const auto& [rank, key, body] : sorted) bodies.push_back(body);
        return bodies;
    }

    std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }

private:
    struct row {
        std::string parent;
        std::string rank;  // without quotes; empty for null
        std::string body;
    };

    /// Null last, or first when descending; the letters here have their complements in the other order.
    static std::string rank_order(const std::string& rank, bool descending)
    {
        std::string bytes = rank.empty() ? "\xFF" : rank + '\0';
        if (descending)
            for (auto& byte : bytes) byte = static_cast<char>(~byte);
        return bytes;
    }

    std::string random_key()
    {
        auto name = std::to_string(number(150));
        return number(4) == 0 ? std::string(490, 'k') + name : name;
    }

    void put(change_batch& batch, epoch rows, const std::string& key)
    {
        row fresh;
        if (number(8) != 0) fresh.parent = std::to_string(number(12));
        if (number(5) != 0)
            fresh.rank = (number(3) == 0 ? std::string(475 + number(10), 'r') : "") + std::to_string(number(9));
        fresh.body = fmt::format("b{}", number(100'000));
        batch.put(rows, key, tuple({fresh.parent, quoted(fresh.rank), fresh.body}));
        rows_[key] = fresh;
    }

    static std::string quoted(const std::string& rank) { return rank.empty() ? "" : '"' + rank + '"'; }

    void keep_parent(change_batch& batch, epoch rows, const std::string& key)
    {
        if (!rows_.contains(key)) return;
        rows_[key].body = fmt::format("b{}", number(100'000));
        batch.put(rows, key, tuple({"~", "~", rows_[key].body}));
    }

    void move(change_batch& batch, epoch rows, const std::string& from, const std::string& to)
    {
        if (!rows_.contains(from) || rows_.contains(to)) return;
        batch.move(rows, from, to, tuple({"~", "~", "~"}));
        rows_[to] = rows_[from];
        rows_.erase(from);
    }

    void clear_seldom(change_batch& batch, epoch rows)
    {
        if (number(60) != 0) return;
        batch.clear_table(rows);
        rows_.clear();
    }

    std::map<std::string, row> rows_;
    std::mt19937 random_;
};

void check_children(store& from, const row_index& index, const model& expected)
{
    auto snapshot = from.read();
    require(snapshot);
    for (int parent = 0; parent < 13; ++parent) {
        auto name = std::to_string(parent);
        BOOST_TEST_REQUIRE((children(**snapshot, index, name) == expected.of_parent(name, index.columns[1].descending)),
                           "parent " << name);
    }
}

void apply(store& to, const change_batch& batch, bool large)
{
    if (!large) return commit(to, batch);
    require(to.begin_large(0));
    require(to.apply_large(batch));
    require(to.finish_large(position_at(to.state().position.position.value + 100)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(indexes)

BOOST_AUTO_TEST_CASE(rows_are_found_by_other_columns_in_the_order_of_the_index)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    auto up = by_parent(rows);
    auto down = by_parent(rows, true);
    require(opened->keep_indexes({up, down}));
    change_batch batch;
    batch.put(rows, "1", tuple({"7", "\"b\"", "first"}));
    batch.put(rows, "2", tuple({"7", "\"a\"", "second"}));
    batch.put(rows, "3", tuple({"7", "", "third"}));
    batch.put(rows, "4", tuple({"70", "\"a\"", "fourth"}));
    batch.put(rows, "5", tuple({"", "\"a\"", "orphan"}));
    batch.put(rows, "6", tuple({"7", "\"a\"", "sixth"}));
    commit(*opened, batch);
    BOOST_TEST(children(*opened, up, "7") == (names{"second", "sixth", "first", "third"}),
               boost::test_tools::per_element());
    BOOST_TEST(children(*opened, down, "7") == (names{"third", "first", "second", "sixth"}),
               boost::test_tools::per_element());
    BOOST_TEST(children(*opened, up, "70") == (names{"fourth"}), boost::test_tools::per_element());
    BOOST_TEST(children(*opened, up, "8").empty());
}

BOOST_AUTO_TEST_CASE(rows_are_found_by_the_beginning_of_their_own_key)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    std::string beginning(600, 'k');
    for (const std::string& key : {std::string{"a1"}, std::string{"a2"}, std::string{"b1"}, beginning + "2",
                                   beginning + "1", std::string(600, 'k').replace(590, 1, "x")})
        batch.put(rows, key, tuple({key.substr(key.size() - 2)}));
    commit(*opened, batch);
    auto snapshot = opened->read();
    require(snapshot);
    auto lookup = (*snapshot)->look_up_by_key(rows);
    require(lookup);
    auto found = [&](std::string_view prefix) {
        names values;
        auto visited =
            (*lookup)->each(prefix, [&](std::string_view key, std::string_view row, std::uint64_t) -> outcome<void> {
                BOOST_TEST(key.starts_with(prefix));
                values.push_back(text_of(row));
                return {};
            });
        require(visited);
        return values;
    };
    BOOST_TEST(found("a") == (names{"a1", "a2"}), boost::test_tools::per_element());
    BOOST_TEST(found("c").empty());
    BOOST_TEST(found(beginning) == (names{"k1", "k2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_index_of_a_multiset_gives_how_often_a_row_stands_there)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened, row_identity::multiset);
    auto index = by_parent(rows);
    require(opened->keep_indexes({index}));
    change_batch batch;
    for (int times = 0; times < 3; ++times) batch.add(rows, "x", tuple({"1", "\"a\"", "thrice"}));
    batch.add(rows, "y", tuple({"1", "\"b\"", "once"}));
    commit(*opened, batch);
    BOOST_TEST(children(*opened, index, "1") == (names{"thrice*3", "once"}), boost::test_tools::per_element());
    batch.reset();
    batch.subtract(rows, "x");
    batch.subtract(rows, "y");
    commit(*opened, batch);
    BOOST_TEST(children(*opened, index, "1") == (names{"thrice*2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_index_that_is_asked_for_later_is_made_from_the_rows_and_survives_a_restart)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    for (int row = 0; row < 5000; ++row)
        batch.put(rows, fmt::format("{:05}", row), tuple({std::to_string(row % 50), "", fmt::format("b{}", row)}));
    commit(*opened, batch);
    auto index = by_parent(rows);
    require(opened->keep_indexes({index}));
    BOOST_TEST(children(*opened, index, "49").size() == 100u);
    BOOST_TEST(opened->size().row_count == 5000u);
    opened.reset();
    opened = open_store(scratch);
    BOOST_TEST(children(*opened, index, "0").size() == 100u);
    batch.reset();
    batch.remove(rows, "00000");
    commit(*opened, batch);
    BOOST_TEST(children(*opened, index, "0").front() == "b50");
}

BOOST_AUTO_TEST_CASE(an_index_goes_when_nobody_wants_it_and_with_its_epoch)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    auto other = add_table(*opened);
    auto without = opened->size().live_bytes;
    require(opened->keep_indexes({by_parent(rows), by_parent(other)}));
    require(opened->keep_indexes({by_parent(other)}));
    auto snapshot = opened->read();
    require(snapshot);
    auto gone = (*snapshot)->look_up(by_parent(rows));
    BOOST_TEST((!gone && gone.error().code == errc::catching_up));
    require((*snapshot)->look_up(by_parent(other)));
    snapshot->reset();
    auto state = opened->state();
    state.tables.pop_back();
    require(opened->write_state(state));
    auto after = opened->read();
    require(after);
    BOOST_TEST(!(*after)->look_up(by_parent(other)).has_value());
    BOOST_TEST(opened->size().live_bytes <= without);
}

BOOST_AUTO_TEST_CASE(indexes_of_epochs_that_are_not_there_are_passed_over)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    require(opened->keep_indexes({by_parent(rows + 17), by_parent(rows)}));
    BOOST_TEST(children(*opened, by_parent(rows), "1").empty());
}

BOOST_AUTO_TEST_CASE(a_new_index_waits_for_a_large_transaction)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    require(opened->keep_indexes({by_parent(rows)}));
    require(opened->begin_large(0));
    require(opened->keep_indexes({by_parent(rows)}));
    auto refused = opened->keep_indexes({});
    BOOST_TEST((!refused && refused.error().code == errc::catching_up));
    opened->abandon_large();
    require(opened->keep_indexes({}));
}

BOOST_AUTO_TEST_CASE(a_row_that_cannot_be_indexed_is_damage_and_leaves_nothing)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    batch.put(rows, "1", tuple({"\"no number\"", "", "x"}));
    batch.put(rows, "2", tuple({"1"}));
    commit(*opened, batch);
    auto refused = opened->keep_indexes({by_parent(rows)});
    BOOST_TEST((!refused && refused.error().code == errc::store_damaged));
    BOOST_TEST(rows_of(*opened, rows).size() == 2u);
    auto snapshot = opened->read();
    require(snapshot);
    BOOST_TEST(!(*snapshot)->look_up(by_parent(rows)).has_value());
}

BOOST_AUTO_TEST_CASE(indexes_hold_what_a_model_holds)
{
    auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST_CONTEXT("seed " << seed) {
        scratch_directory scratch;
        auto opened = open_store(scratch);
        auto rows = add_table(*opened);
        model expected{seed};
        std::vector<row_index> kept{by_parent(rows)};
        for (int group = 0; group < 60; ++group) {
            if (group == 20) kept.push_back(by_parent(rows, true));
            if (group == 40) kept.erase(kept.begin());
            require(opened->keep_indexes({kept.begin(), kept.end()}));
            change_batch batch;
            for (auto left = expected.number(120); left > 0; --left) expected.change(batch, rows);
            apply(*opened, batch, expected.number(5) == 0);
            if (expected.number(6) == 0) {
                opened.reset();
                opened = open_store(scratch);
            }
            for (const auto& index : kept) check_children(*opened, index, expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_name_says_all_of_an_index)
{
    for (const auto& index :
         {by_parent(1), by_parent(~epoch{0}, true), row_index{7, {{65535, ~oid{0}, true}, {0, 0, false}}, 2}})
        BOOST_TEST((parse_row_index(to_string(index)) == index), to_string(index));
    for (auto wrong : {"", "1", "1.1", "1.1.", "1.0.1:2", "1.2.1:2", "1.1.1:2,", "1.1.1:2x", "1.1.70000:2", "x.1.1:2"})
        BOOST_TEST(!parse_row_index(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(a_process_killed_at_any_time_leaves_indexes_in_step_with_their_rows)
{
    auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    scratch_directory scratch;
    auto rows = add_table(*open_store(scratch));
    auto write_for_ever = [&] {
        auto opened = store::open({.directory = scratch.path(), .any_filesystem = true});
        for (std::uint64_t number = (*opened)->state().position.position.value + 1;; ++number) {
            // Half of the time there is an index; every row changes its parent with each group.
            if (!(*opened)->keep_indexes(number % 8 < 4 ? std::set<row_index>{} : std::set<row_index>{by_parent(rows)}))
                return 1;
            change_batch batch;
            for (int row = 0; row < 200; ++row)
                batch.put(rows, fmt::format("{:04}", row),
                          tuple({std::to_string(number % 3), "", std::to_string(row)}));
            if (!(*opened)->commit_group(batch, position_at(number))) return 2;
        }
    };
    for (int round = 0; round < 10; ++round)
        BOOST_TEST_CONTEXT("seed " << seed << " round " << round) {
            auto child = ::fork();
            if (child == 0) ::_exit(write_for_ever());
            ::usleep(static_cast<useconds_t>(20'000 + random() % 60'000));  // only moves the kill to another place
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
            auto opened = open_store(scratch);
            auto number = opened->state().position.position.value;
            require(opened->keep_indexes({by_parent(rows)}));
            for (std::uint64_t parent = 0; parent < 3; ++parent)
                BOOST_TEST(children(*opened, by_parent(rows), std::to_string(parent)).size() ==
                           (number > 0 && number % 3 == parent ? 200u : 0u));
        }
}

BOOST_AUTO_TEST_SUITE_END()
