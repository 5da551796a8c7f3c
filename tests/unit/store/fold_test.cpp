#include "store/fold.hpp"

#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

constexpr epoch table = 3;
using rows = std::map<std::string, std::string>;  // key to text

class map_rows final : public rows_before {
public:
    explicit map_rows(const rows& from)
    {
        for (const auto& [key, text] : from) tuples_[key] = tuple({"1", text});
    }
    outcome<std::optional<std::string_view>> tuple_of(epoch, std::string_view key) override
    {
        auto found = tuples_.find(std::string{key});
        if (found == tuples_.end()) return std::optional<std::string_view>{};
        return std::optional<std::string_view>{found->second};
    }

private:
    std::map<std::string, std::string> tuples_;
};

/// The rows after a group, by what the fold says.
outcome<rows> after(const rows& before, const std::function<void(change_batch&)>& fill)
{
    change_batch batch;
    fill(batch);
    map_rows source{before};
    group_fold fold;
    fold.begin();
    if (auto added = fold.add(batch, source); !added) return added.error();
    auto now = fold.cleared().empty() ? before : rows{};
    for (const auto& row : fold.finish()) {
        if (row.what == folded_row::result::gone)
            now.erase(std::string{row.key});
        else
            now[std::string{row.key}] = text_of(row.tuple).substr(2);
    }
    return now;
}

struct fold_case {
    const char* name;
    rows before;
    std::function<void(change_batch&)> changes;
    rows expected;
};

std::string full(const char* text)
{
    return tuple({"1", text});
}
std::string same()
{
    return tuple({"2", "~"});
}

const std::vector<fold_case> cases{
    {"a put adds a row", {}, [](auto& b) { b.put(table, "a", full("x")); }, {{"a", "x"}}},
    {"the last put wins",
     {},
     [](auto& b) {
         b.put(table, "a", full("x"));
         b.put(table, "a", full("y"));
     },
     {{"a", "y"}}},
    {"a removed row is gone", {{"a", "x"}}, [](auto& b) { b.remove(table, "a"); }, {}},
    {"removing nothing is no error", {{"a", "x"}}, [](auto& b) { b.remove(table, "b"); }, {{"a", "x"}}},
    {"put, remove, put leaves the last",
     {},
     [](auto& b) {
         b.put(table, "a", full("x"));
         b.remove(table, "a");
         b.put(table, "a", full("z"));
     },
     {{"a", "z"}}},
    {"an unchanged field comes from the store", {{"a", "x"}}, [](auto& b) { b.put(table, "a", same()); }, {{"a", "x"}}},
    {"an unchanged field comes from the group before the store",
     {{"a", "x"}},
     [](auto& b) {
         b.put(table, "a", full("y"));
         b.put(table, "a", same());
     },
     {{"a", "y"}}},
    {"a move takes the row along", {{"a", "x"}}, [](auto& b) { b.move(table, "a", "b", same()); }, {{"b", "x"}}},
    {"a chain of moves",
     {{"a", "x"}},
     [](auto& b) {
         b.move(table, "a", "b", same());
         b.move(table, "b", "c", same());
         b.move(table, "c", "d", same());
     },
     {{"d", "x"}}},
    {"a move there and back",
     {{"a", "x"}},
     [](auto& b) {
         b.move(table, "a", "b", same());
         b.move(table, "b", "a", same());
     },
     {{"a", "x"}}},
    {"a move to its own key", {{"a", "x"}}, [](auto& b) { b.move(table, "a", "a", same()); }, {{"a", "x"}}},
    {"two keys swap",
     {{"a", "x"}, {"b", "y"}},
     [](auto& b) {
         b.move(table, "a", "c", same());
         b.move(table, "b", "a", same());
         b.move(table, "c", "b", same());
     },
     {{"a", "y"}, {"b", "x"}}},
    {"a row put at the key that a move left",
     {{"a", "x"}},
     [](auto& b) {
         b.move(table, "a", "b", same());
         b.put(table, "a", full("n"));
     },
     {{"a", "n"}, {"b", "x"}}},
    {"unchanged after a move",
     {{"a", "x"}},
     [](auto& b) {
         b.move(table, "a", "b", full("m"));
         b.put(table, "b", same());
     },
     {{"b", "m"}}},
    {"a clear empties", {{"a", "x"}, {"b", "y"}}, [](auto& b) { b.clear_table(table); }, {}},
    {"a clear forgets the group's rows too",
     {},
     [](auto& b) {
         b.put(table, "a", full("x"));
         b.clear_table(table);
     },
     {}},
    {"clear, then insert",
     {{"a", "x"}},
     [](auto& b) {
         b.clear_table(table);
         b.put(table, "b", full("n"));
     },
     {{"b", "n"}}},
    {"put, clear, put again",
     {{"a", "x"}},
     [](auto& b) {
         b.put(table, "a", full("y"));
         b.clear_table(table);
         b.put(table, "a", full("z"));
     },
     {{"a", "z"}}},
    {"unchanged after clear and insert",
     {{"a", "x"}},
     [](auto& b) {
         b.clear_table(table);
         b.put(table, "a", full("n"));
         b.put(table, "a", same());
     },
     {{"a", "n"}}},
    {"two clears with rows between",
     {{"a", "x"}},
     [](auto& b) {
         b.clear_table(table);
         b.put(table, "b", full("n"));
         b.clear_table(table);
         b.put(table, "c", full("o"));
     },
     {{"c", "o"}}},
};

const std::vector<fold_case> continuity_cases{
    {"no row at all", {}, [](auto& b) { b.put(table, "a", same()); }, {}},
    {"removed before",
     {{"a", "x"}},
     [](auto& b) {
         b.remove(table, "a");
         b.put(table, "a", same());
     },
     {}},
    {"moved away before",
     {{"a", "x"}},
     [](auto& b) {
         b.move(table, "a", "b", same());
         b.put(table, "a", same());
     },
     {}},
    {"cleared before",
     {{"a", "x"}},
     [](auto& b) {
         b.clear_table(table);
         b.put(table, "a", same());
     },
     {}},
    {"put, then cleared",
     {},
     [](auto& b) {
         b.put(table, "a", full("x"));
         b.clear_table(table);
         b.put(table, "a", same());
     },
     {}},
    {"another table's row",
     {},
     [](auto& b) {
         b.put(table + 1, "a", full("x"));
         b.put(table, "a", same());
     },
     {}},
    {"moved from nowhere", {}, [](auto& b) { b.move(table, "a", "b", same()); }, {}},
};

std::vector<folded_row> fold_counts(const std::function<void(change_batch&)>& fill)
{
    static change_batch batch;  // the rows borrow from it
    batch.reset();
    fill(batch);
    map_rows none{{}};
    static group_fold fold;
    fold.begin();
    require(fold.add(batch, none));
    return fold.finish();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fold)

BOOST_AUTO_TEST_CASE(a_group_ends_where_its_changes_one_by_one_end)
{
    for (const auto& one : cases)
        BOOST_TEST_CONTEXT(one.name) {
            auto now = after(one.before, one.changes);
            require(now);
            BOOST_TEST((*now == one.expected));
        }
}

BOOST_AUTO_TEST_CASE(an_unchanged_field_without_a_row_is_a_contradiction)
{
    for (const auto& one : continuity_cases)
        BOOST_TEST_CONTEXT(one.name) {
            auto now = after(one.before, one.changes);
            BOOST_TEST_REQUIRE(now.has_error());
            BOOST_TEST(now.error().code == errc::table_changed);
            BOOST_TEST(now.error().text.find("epoch 3") != std::string::npos);
        }
}

BOOST_AUTO_TEST_CASE(what_the_source_lost_stays_unknown_until_it_comes)
{
    rows lost{{"a", "~"}};
    auto unsure = [](auto& b) { b.put(table, "a", same(), row_before::unsure); };
    auto whole = [](auto& b) { b.put(table, "a", full("x"), row_before::unsure); };
    BOOST_TEST((after({}, unsure).value() == lost));
    BOOST_TEST((after(lost, unsure).value() == lost));
    BOOST_TEST((after(lost, whole).value() == rows{{"a", "x"}}));
    BOOST_TEST((after(lost, [&](auto& b) { unsure(b), unsure(b); }).value() == lost));
    BOOST_TEST((after(lost, [&](auto& b) { whole(b), unsure(b); }).value() == rows{{"a", "x"}}));
}

BOOST_AUTO_TEST_CASE(an_unknown_field_of_a_source_that_loses_none_is_damage)
{
    auto now = after({{"a", "~"}}, [](auto& b) { b.put(table, "a", same()); });
    BOOST_TEST_REQUIRE(now.has_error());
    BOOST_TEST(now.error().code == errc::store_damaged);
}

BOOST_AUTO_TEST_CASE(a_stored_row_of_another_shape_is_damage)
{
    auto now = after({{"a", "x"}}, [](auto& b) { b.put(table, "a", tuple({"1", "2", "~"})); });
    BOOST_TEST_REQUIRE(now.has_error());
    BOOST_TEST(now.error().code == errc::store_damaged);
}

BOOST_AUTO_TEST_CASE(rows_come_out_sorted_by_table_and_key)
{
    auto rows = fold_counts([](auto& b) {
        for (auto [where, key] : {std::pair{2, "b"}, {1, "c"}, {2, "a"}, {1, "\xff"}, {1, "a"}, {1, ""}})
            b.put(static_cast<epoch>(where), key, full("x"));
    });
    std::vector<std::pair<epoch, std::string>> order;
    for (const auto& row : rows) order.emplace_back(row.table, row.key);
    std::vector<std::pair<epoch, std::string>> expected{{1, ""}, {1, "a"}, {1, "c"}, {1, "\xff"}, {2, "a"}, {2, "b"}};
    BOOST_TEST((order == expected));
}

BOOST_AUTO_TEST_CASE(counts_are_summed_and_remember_the_lowest_point)
{
    auto rows = fold_counts([](auto& b) {
        b.subtract(table, "a");
        b.subtract(table, "a");
        b.add(table, "a", full("x"));
        b.add(table, "a", full("x"));
        b.add(table, "a", full("x"));
    });
    BOOST_TEST_REQUIRE(rows.size() == 1u);
    BOOST_TEST(rows[0].more == 1);
    BOOST_TEST(rows[0].fewest == -2);
    BOOST_TEST(text_of(rows[0].tuple) == "1,x");
}

BOOST_AUTO_TEST_CASE(a_clear_forgets_counts)
{
    auto rows = fold_counts([](auto& b) {
        b.subtract(table, "a");
        b.clear_table(table);
        b.add(table, "a", full("x"));
    });
    BOOST_TEST_REQUIRE(rows.size() == 1u);
    BOOST_TEST(rows[0].more == 1);
    BOOST_TEST(rows[0].fewest == 0);
}

BOOST_AUTO_TEST_CASE(a_fold_can_be_used_again)
{
    map_rows source{{{"a", "x"}}};
    group_fold fold;
    for (int round = 0; round < 3; ++round) {
        change_batch batch;
        batch.put(table, "a", same());
        fold.begin();
        require(fold.add(batch, source));
        BOOST_TEST(fold.finish().size() == 1u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
