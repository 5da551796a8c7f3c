#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <map>
#include <random>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

/// A table of two columns as a map, and random changes that make sense for what it holds.
class model {
public:
    explicit model(unsigned seed) : random_{seed} {}

    void change(change_batch& batch, epoch rows)
    {
        auto key = random_key();
        auto body = fmt::format("{}", std::string(number(300), 'b') + std::to_string(number(1000)));
        switch (number(10)) {
        case 0:
            batch.remove(rows, key);
            rows_.erase(key);
            break;
        case 1: keep_body(batch, rows, key); break;
        case 2:
        case 3: move(batch, rows, key, random_key()); break;
        case 4: clear_seldom(batch, rows); break;
        default: batch.put(rows, key, tuple({"n", body})); rows_[key] = body;
        }
    }

    std::vector<std::string> texts() const
    {
        std::vector<std::string> found;
        for (const auto& [key, body] : rows_) found.push_back("n," + body);
        return found;
    }

    std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }

private:
    std::string random_key()
    {
        auto name = std::to_string(number(200));
        return number(4) == 0 ? std::string(490, 'k') + name : name;
    }

    void keep_body(change_batch& batch, epoch rows, const std::string& key)
    {
        if (rows_.contains(key)) batch.put(rows, key, tuple({"n", "~"}));
    }

    void move(change_batch& batch, epoch rows, const std::string& from, const std::string& to)
    {
        if (!rows_.contains(from) || rows_.contains(to)) return;
        batch.move(rows, from, to, tuple({"n", "~"}));
        rows_[to] = rows_[from];
        rows_.erase(from);
    }

    void clear_seldom(change_batch& batch, epoch rows)
    {
        if (number(50) != 0) return;
        batch.clear_table(rows);
        rows_.clear();
    }

    std::map<std::string, std::string> rows_;
    std::mt19937 random_;
};

void copy_change(const change_batch::change& one, change_batch& to)
{
    switch (one.what) {
    case operation::put: return to.put(one.table, one.key, one.row, one.before);
    case operation::move: return to.move(one.table, one.old_key, one.key, one.row, one.before);
    case operation::remove: return to.remove(one.table, one.key, one.before);
    case operation::clear: return to.clear_table(one.table);
    case operation::add: return to.add(one.table, one.key, one.row);
    case operation::subtract: return to.subtract(one.table, one.key);
    }
}

void apply_large(store& to, const change_batch& batch, const stored_position& position)
{
    require(to.begin_large(0));
    require(to.apply_large(batch));
    require(to.finish_large(position));
}

/// In two groups.
void add_and_commit(store& to, const change_batch& batch, const stored_position& position)
{
    change_batch first = batch;
    first.truncate(batch.size() / 2);
    require(to.add_group(first, position_at(position.position.value - 1)));
    change_batch rest;
    for (auto index = first.size(); index < batch.size(); ++index) copy_change(batch[index], rest);
    require(to.commit_group(rest, position));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_groups)

BOOST_AUTO_TEST_CASE(the_store_holds_what_a_map_holds)
{
    auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST_CONTEXT("seed " << seed) {
        scratch_directory scratch;
        auto opened = open_store(scratch);
        auto rows = add_table(*opened);
        model expected{seed};
        for (std::uint64_t group = 1; group <= 60; ++group) {
            change_batch batch;
            for (auto left = expected.number(120); left > 0; --left) expected.change(batch, rows);
            auto position = position_at(group * 100);
            if (expected.number(5) == 0)
                apply_large(*opened, batch, position);
            else if (expected.number(3) == 0)
                add_and_commit(*opened, batch, position);
            else
                require(opened->commit_group(batch, position));
            if (expected.number(6) == 0) {
                opened.reset();
                opened = open_store(scratch);
            }
            BOOST_TEST_REQUIRE((opened->state().position == position));
            BOOST_TEST_REQUIRE((rows_of(*opened, rows) == expected.texts()));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
