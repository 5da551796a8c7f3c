#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace understudy;
using namespace understudy::store_kit;

// Changes that say what their key was until then. One that cannot follow from the rows that are there is refused with
// everything beside it, and names its table.

namespace {

constexpr auto absent = row_before::absent;
constexpr auto present = row_before::present;

/// A store with one row, `there`, in groups or in a large transaction. Keys are short, or longer than LMDB takes.
struct one_row {
    explicit one_row(std::size_t key_bytes)
        : padding(key_bytes, 'k'), opened{open_store(scratch)}, rows{add_table(*opened)}
    {
        change_batch batch;
        batch.put(rows, key("there"), full("x"), absent);
        require(opened->commit_group(batch, position_at(100)));
    }

    std::string key(const std::string& name) const { return padding + name; }
    std::string full(const char* text) const { return tuple({text}); }

    void insert(const std::string& name) { batch.put(rows, key(name), full("new"), absent); }
    void update(const std::string& name) { batch.put(rows, key(name), full("newer"), present); }
    void move(const std::string& from, const std::string& to)
    {
        batch.move(rows, key(from), key(to), full("moved"), present);
    }
    void remove(const std::string& name) { batch.remove(rows, key(name), present); }

    outcome<void> commit() { return opened->commit_group(batch, position_at(200)); }
    outcome<void> commit_large()
    {
        require(opened->begin_large(0));
        auto applied = opened->apply_large(batch);
        return applied ? opened->finish_large(position_at(200)) : applied;
    }

    std::string padding;
    scratch_directory scratch;
    std::unique_ptr<store> opened;
    epoch rows;
    change_batch batch;
};

struct named_changes {
    const char* what;
    std::function<void(one_row&)> make;
    std::vector<std::string> left = {};
};

const std::vector<named_changes> impossible{
    {"an insert over a row", [](auto& t) { t.insert("there"); }},
    {"an insert twice",
     [](auto& t) {
         t.insert("a");
         t.insert("a");
     }},
    {"an insert of a row that the group changed",
     [](auto& t) {
         t.update("there");
         t.insert("there");
     }},
    {"an insert over a row that is deleted then",
     [](auto& t) {
         t.insert("there");
         t.remove("there");
     }},
    {"an update of nothing", [](auto& t) { t.update("a"); }},
    {"an update of a deleted row",
     [](auto& t) {
         t.remove("there");
         t.update("there");
     }},
    {"an update of what moved away",
     [](auto& t) {
         t.move("there", "a");
         t.update("there");
     }},
    {"an update after a truncate",
     [](auto& t) {
         t.batch.clear_table(t.rows);
         t.update("there");
     }},
    {"a delete of nothing", [](auto& t) { t.remove("a"); }},
    {"a delete of nothing behind all rows", [](auto& t) { t.remove("z"); }},
    {"a delete twice",
     [](auto& t) {
         t.remove("there");
         t.remove("there");
     }},
    {"a move from nowhere", [](auto& t) { t.move("a", "b"); }},
    {"a move onto a row",
     [](auto& t) {
         t.insert("a");
         t.move("a", "there");
     }},
    {"a move onto a row of the group",
     [](auto& t) {
         t.insert("a");
         t.move("there", "a");
     }},
};

const std::vector<named_changes> possible{
    {"insert", [](auto& t) { t.insert("a"); }, {"new", "x"}},
    {"insert and delete",
     [](auto& t) {
         t.insert("a");
         t.remove("a");
     },
     {"x"}},
    {"delete and insert",
     [](auto& t) {
         t.remove("there");
         t.insert("there");
     },
     {"new"}},
    {"update",
     [](auto& t) {
         t.update("there");
         t.update("there");
     },
     {"newer"}},
    {"move there and back",
     [](auto& t) {
         t.move("there", "a");
         t.move("a", "there");
     },
     {"moved"}},
    {"insert where a row moved away",
     [](auto& t) {
         t.move("there", "a");
         t.insert("there");
     },
     {"moved", "new"}},
    {"move to where a row was deleted",
     [](auto& t) {
         t.insert("a");
         t.remove("there");
         t.move("a", "there");
     },
     {"moved"}},
    {"insert after a truncate",
     [](auto& t) {
         t.batch.clear_table(t.rows);
         t.insert("there");
         t.update("there");
     },
     {"newer"}},
};

/// Each case with short and long keys, in a group and in a large transaction.
void for_each(const std::vector<named_changes>& cases,
              const std::function<void(one_row&, const named_changes&, outcome<void>)>& check)
{
    for (const auto& one : cases)
        for (std::size_t key_bytes : {1u, 600u})
            for (auto commit : {&one_row::commit, &one_row::commit_large}) {
                one_row table{key_bytes};
                one.make(table);
                BOOST_TEST_CONTEXT(one.what << ", keys of " << key_bytes) check(table, one, (table.*commit)());
            }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(contradictions)

BOOST_AUTO_TEST_CASE(what_cannot_follow_from_the_rows_is_refused_and_changes_nothing)
{
    for_each(impossible, [](one_row& table, const named_changes&, const outcome<void>& done) {
        BOOST_TEST_REQUIRE(done.has_error());
        BOOST_TEST(done.error().code == errc::table_changed);
        BOOST_TEST(done.error().rows == table.rows);
        BOOST_TEST(rows_of(*table.opened, table.rows) == (std::vector<std::string>{"x"}),
                   boost::test_tools::per_element());
        BOOST_TEST((table.opened->state().position == position_at(100)));
    });
}

BOOST_AUTO_TEST_CASE(what_follows_from_the_rows_is_taken)
{
    for_each(possible, [](one_row& table, const named_changes& one, const outcome<void>& done) {
        require(done);
        BOOST_TEST(rows_of(*table.opened, table.rows) == one.left, boost::test_tools::per_element());
    });
}

BOOST_AUTO_TEST_CASE(a_refused_group_can_be_followed_by_another)
{
    one_row table{1};
    table.insert("there");
    BOOST_TEST_REQUIRE(table.commit().has_error());
    table.batch.reset();
    table.update("there");
    require(table.commit());
    BOOST_TEST(rows_of(*table.opened, table.rows) == (std::vector<std::string>{"newer"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
