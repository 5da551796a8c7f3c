#include "unit/source/reader_kit.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace understudy;
using namespace understudy::reader_kit;
using lines = std::vector<std::string>;
using pgoutput::old_image;

namespace {

const mirrored_table stored_materials = materials_table();

constexpr oid suppliers = 16500;

std::string begin(std::uint64_t commit = 100)
{
    return message::begin(lsn{commit}, 0, 7);
}

/// In a transaction, with every table described as it is stored.
struct open_transaction : conversation {
    explicit open_transaction(std::vector<mirrored_table> tables = {materials_table()})
        : conversation{std::move(tables)}
    {
        send(begin());
        describe();
    }
};

void check_lines(const change_batch& changes, const lines& expected)
{
    BOOST_TEST(shown(changes) == expected, boost::test_tools::per_element());
}

/// Describes materials otherwise than it is stored, then inserts into it: the answer.
std::string insert_after(conversation& talk, const pgoutput::relation& described)
{
    talk.send(begin());
    talk.send(message::relation(described));
    return talk.send(message::insert(materials, {text("1"), text("steel")}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_changes)

BOOST_AUTO_TEST_CASE(an_insert_puts_the_row_under_its_key)
{
    open_transaction talk;
    talk.send(message::insert(materials, {text("7"), text("a \"b\"")}));
    talk.send(message::insert(materials, {text("8"), null()}));
    auto& changes = talk.reader.changes();
    check_lines(changes, {"put 1: 7 \"a \\\"b\\\"\"", "put 1: 8 null"});
    BOOST_TEST((changes[0].key == id_key("7")));
    BOOST_TEST((changes[1].key == id_key("8")));
}

BOOST_AUTO_TEST_CASE(an_update_of_other_columns_puts_the_row)
{
    open_transaction talk;
    talk.send(message::update(materials, {text("7"), text("iron")}));
    check_lines(talk.reader.changes(), {"put 1: 7 \"iron\""});
    BOOST_TEST((talk.reader.changes()[0].key == id_key("7")));
}

BOOST_AUTO_TEST_CASE(an_update_of_the_key_moves_the_row)
{
    open_transaction talk;
    talk.send(message::update(materials, old_image::key, {text("7"), null()}, {text("8"), text("iron")}));
    auto change = talk.reader.changes()[0];
    check_lines(talk.reader.changes(), {"move 1: 8 \"iron\""});
    BOOST_TEST((change.old_key == id_key("7")));
    BOOST_TEST((change.key == id_key("8")));
}

// A replica identity that is wider than the key, or FULL: the old image does not mean that the key changed.
BOOST_AUTO_TEST_CASE(an_update_with_an_old_image_and_the_same_key_puts_the_row)
{
    open_transaction talk;
    talk.send(message::update(materials, old_image::whole, {text("7"), text("steel")}, {text("7"), text("iron")}));
    check_lines(talk.reader.changes(), {"put 1: 7 \"iron\""});
}

BOOST_AUTO_TEST_CASE(an_unchanged_column_stays_unchanged_for_the_store)
{
    open_transaction talk;
    talk.send(message::update(materials, {text("7"), unchanged()}));
    talk.send(message::update(materials, old_image::key, {text("7"), null()}, {text("8"), unchanged()}));
    check_lines(talk.reader.changes(), {"put 1: 7 -", "move 1: 8 -"});
}

// Marked as whole by a root under FULL; the partition sent its key.
BOOST_AUTO_TEST_CASE(an_unchanged_column_stays_unchanged_beside_an_old_image_that_is_marked_as_whole)
{
    open_transaction talk;
    talk.send(message::update(materials, old_image::whole, {text("7"), null()}, {text("8"), unchanged()}));
    check_lines(talk.reader.changes(), {"move 1: 8 -"});
}

BOOST_AUTO_TEST_CASE(an_unchanged_key_column_is_taken_from_the_old_key)
{
    auto table = table_of(materials, "materials", materials_rows, {"id", "code", "note"}, {0, 1});
    open_transaction talk{{table}};
    talk.send(message::update(materials, old_image::key, {text("7"), text("long"), null()},
                              {text("8"), unchanged(), unchanged()}));
    check_lines(talk.reader.changes(), {"move 1: 8 \"long\" -"});
    auto change = talk.reader.changes()[0];
    BOOST_TEST((change.old_key == reader_kit::key_of(table, {{0, "7"}, {1, "long"}})));
    BOOST_TEST((change.key == reader_kit::key_of(table, {{0, "8"}, {1, "long"}})));
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_say_enough_are_copied_again)
{
    for (const auto& bytes :
         {message::update(materials, {unchanged(), text("iron")}),
          message::insert(materials, {unchanged(), text("iron")}), message::insert(materials, {text("7"), unchanged()}),
          message::update(materials, old_image::whole, {null(), text("x")}, {text("7"), text("iron")}),
          message::remove(materials, old_image::whole, {null(), text("x")})}) {
        open_transaction talk;
        BOOST_TEST(talk.send(bytes) == "table_changed");
        BOOST_TEST(talk.reader.changed_table() == materials);
    }
}

BOOST_AUTO_TEST_CASE(the_key_follows_its_own_order_not_the_columns)
{
    auto table = table_of(materials, "materials", materials_rows, {"id", "code"}, {1, 0});
    open_transaction talk{{table}};
    talk.send(message::insert(materials, {text("7"), text("x")}));
    BOOST_TEST((talk.reader.changes()[0].key == reader_kit::key_of(table, {{1, "x"}, {0, "7"}})));
}

BOOST_AUTO_TEST_CASE(a_delete_removes_by_key_from_either_image)
{
    open_transaction talk;
    talk.send(message::remove(materials, old_image::key, {text("7"), null()}));
    talk.send(message::remove(materials, old_image::whole, {text("8"), text("steel")}));
    check_lines(talk.reader.changes(), {"remove 1", "remove 1"});
    BOOST_TEST((talk.reader.changes()[0].key == id_key("7")));
    BOOST_TEST((talk.reader.changes()[1].key == id_key("8")));
}

BOOST_AUTO_TEST_CASE(a_table_without_a_key_counts_whole_rows)
{
    open_transaction talk{{counted_table()}};
    talk.send(message::insert(materials, {text("7"), text("steel")}));
    talk.send(message::update(materials, old_image::whole, {text("7"), text("steel")}, {text("7"), text("iron")}));
    talk.send(message::remove(materials, old_image::whole, {text("7"), text("iron")}));
    auto& changes = talk.reader.changes();
    check_lines(changes, {"add 1: 7 \"steel\"", "subtract 1", "add 1: 7 \"iron\"", "subtract 1"});
    BOOST_TEST((changes[0].key == changes[1].key));
    BOOST_TEST((changes[2].key == changes[3].key));
    BOOST_TEST((changes[0].key != changes[2].key));
}

BOOST_AUTO_TEST_CASE(a_counted_row_takes_unchanged_columns_from_the_row_before)
{
    open_transaction talk{{counted_table()}};
    talk.send(message::update(materials, old_image::whole, {text("7"), text("big")}, {text("8"), unchanged()}));
    check_lines(talk.reader.changes(), {"subtract 1", "add 1: 8 \"big\""});
}

BOOST_AUTO_TEST_CASE(a_counted_row_without_the_whole_row_before_is_copied_again)
{
    for (const auto& bytes : {message::update(materials, {text("7"), text("iron")}),
                              message::update(materials, old_image::key, {text("7"), null()}, {text("8"), text("x")}),
                              message::remove(materials, old_image::key, {text("7"), null()})}) {
        open_transaction talk{{counted_table()}};
        BOOST_TEST(talk.send(bytes) == "table_changed");
        BOOST_TEST(talk.reader.changed_table() == materials);
    }
}

// Partitions under FULL whose root is not: what they send is marked as a key.
BOOST_AUTO_TEST_CASE(whole_old_rows_of_partitions_are_counted_though_they_are_marked_as_keys)
{
    auto table = counted_table();
    table.old_rows_are_whole = true;
    open_transaction talk{{table}};
    talk.send(message::insert(materials, {text("7"), text("big")}));
    talk.send(message::update(materials, old_image::key, {text("7"), text("big")}, {text("8"), unchanged()}));
    talk.send(message::remove(materials, old_image::key, {text("8"), text("big")}));
    auto& changes = talk.reader.changes();
    check_lines(changes, {"add 1: 7 \"big\"", "subtract 1", "add 1: 8 \"big\"", "subtract 1"});
    BOOST_TEST((changes[0].key == changes[1].key));
    BOOST_TEST((changes[2].key == changes[3].key));
}

BOOST_AUTO_TEST_CASE(a_truncate_clears_each_of_our_tables)
{
    auto other = table_of(suppliers, "suppliers", 2, {"id"}, {0});
    open_transaction talk{{materials_table(), other}};
    pgoutput::relation foreign;
    foreign.id = 99;
    foreign.schema = "public";
    foreign.name = "foreign";
    talk.send(message::relation(foreign));
    BOOST_TEST(talk.send(message::truncate({.relations = {materials, 99, suppliers}, .cascade = true})) == "changed");
    check_lines(talk.reader.changes(), {"clear 1", "clear 2"});
    BOOST_TEST(talk.reader.touched() == (std::vector<epoch>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(touched_names_each_epoch_once)
{
    auto other = table_of(suppliers, "suppliers", 2, {"id"}, {0});
    open_transaction talk{{materials_table(), other}};
    for (auto id : {"1", "2", "3"}) {
        talk.send(message::insert(suppliers, {text(id)}));
        talk.send(message::insert(materials, {text(id), null()}));
    }
    BOOST_TEST(talk.reader.touched() == (std::vector<epoch>{2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_published_table_that_is_not_ours_is_ignored)
{
    open_transaction talk;
    pgoutput::relation foreign;
    foreign.id = 99;
    foreign.schema = "public";
    foreign.name = "foreign";
    talk.send(message::relation(foreign));
    BOOST_TEST(talk.send(message::insert(99, {text("1"), text("2"), text("3")})) == "changed");
    BOOST_TEST(talk.reader.changes().empty());
    BOOST_TEST(talk.reader.touched().empty());
}

BOOST_AUTO_TEST_CASE(a_change_of_a_relation_that_was_not_described_is_an_error)
{
    for (const auto& bytes :
         {message::insert(materials, {text("1"), null()}), message::update(materials, {text("1"), null()}),
          message::remove(materials, old_image::key, {text("1"), null()}),
          message::truncate({.relations = {materials}})}) {
        conversation talk;
        talk.send(begin());
        BOOST_TEST(talk.send(bytes) == "unknown_relation");
    }
}

BOOST_AUTO_TEST_CASE(another_shape_on_the_wire_is_a_changed_table)
{
    auto stored = wire_of(stored_materials);
    auto changed = [&](auto change) {
        auto relation = stored;
        change(relation);
        return relation;
    };
    struct row {
        const char* what;
        pgoutput::relation described;
    };
    for (const auto& [what, described] : std::vector<row>{
             {"an added column", changed([](auto& r) { r.columns.push_back({"extra", text_type, -1, false}); })},
             {"a dropped column", changed([](auto& r) { r.columns.pop_back(); })},
             {"a renamed column", changed([](auto& r) { r.columns[1].name = "title"; })},
             {"a retyped column", changed([](auto& r) { r.columns[1].type = bpchar_type; })},
             {"another length", changed([](auto& r) { r.columns[1].typmod = 14; })},
             {"another order", changed([](auto& r) { std::swap(r.columns[0], r.columns[1]); })},
             {"another name", changed([](auto& r) { r.name = "things"; })},
             {"another schema", changed([](auto& r) { r.schema = "old"; })},
             {"no column at all", changed([](auto& r) { r.columns.clear(); })},
         }) {
        conversation talk;
        BOOST_TEST_CONTEXT(what) {
            BOOST_TEST(insert_after(talk, described) == "table_changed");
            BOOST_TEST(talk.reader.changed_table() == materials);
        }
    }
}

// Old images carry the columns of the identity: they have to tell which key a row had.
BOOST_AUTO_TEST_CASE(a_replica_identity_that_does_not_cover_the_key_is_a_changed_table)
{
    auto table = table_of(materials, "materials", materials_rows, {"id", "code", "note"}, {0, 1});
    table.replica_identity = 'i';
    struct row {
        std::vector<std::size_t> identity;  // columns
        const char* answer;
    };
    for (const auto& [identity, answer] :
         {row{{}, "table_changed"}, row{{0}, "table_changed"}, row{{1, 2}, "table_changed"}, row{{0, 1}, "changed"},
          row{{0, 1, 2}, "changed"}}) {
        auto described = wire_of(table);
        for (std::size_t i = 0; i < 3; ++i)
            described.columns[i].in_identity = std::find(identity.begin(), identity.end(), i) != identity.end();
        conversation talk{{table}};
        talk.send(begin());
        talk.send(message::relation(described));
        BOOST_TEST_CONTEXT(identity.size() << " columns")
            BOOST_TEST(talk.send(message::insert(materials, {text("1"), text("a"), null()})) == answer);
    }
}

BOOST_AUTO_TEST_CASE(the_key_is_found_in_the_identity_beside_left_out_columns)
{
    auto table = materials_table();
    table.left_out = {"secret"};
    auto described = wire_of(table);
    described.columns.insert(described.columns.begin(), {"secret", bytea_type, -1, true});
    conversation talk{{table}};
    talk.send(begin());
    talk.send(message::relation(described));
    BOOST_TEST(talk.send(message::insert(materials, {text("s"), text("7"), null()})) == "changed");

    described.columns[1].in_identity = false;
    talk.send(message::relation(described));
    BOOST_TEST(talk.send(message::insert(materials, {text("s"), text("8"), null()})) == "table_changed");
}

// The server itself refuses updates and deletes then.
BOOST_AUTO_TEST_CASE(another_replica_identity_is_a_changed_table)
{
    for (char identity : {'n', 'f', 'i'}) {
        auto described = wire_of(stored_materials);
        described.replica_identity = identity;
        conversation talk;
        BOOST_TEST(insert_after(talk, described) == "table_changed");
    }
    auto keyed = wire_of(stored_materials);
    conversation talk{{counted_table()}};
    BOOST_TEST(insert_after(talk, keyed) == "table_changed");
}

// A root may have none; its partitions' identities tell rows apart.
BOOST_AUTO_TEST_CASE(no_replica_identity_at_all_serves_when_it_was_so_before)
{
    auto root = materials_table();
    root.replica_identity = 'n';
    auto none = wire_of(root);
    none.columns[0].in_identity = false;
    conversation talk{{root}};
    BOOST_TEST(insert_after(talk, none) == "changed");
}

BOOST_AUTO_TEST_CASE(a_table_that_changed_is_found_out_by_its_first_change_only)
{
    conversation talk;
    auto described = wire_of(stored_materials);
    described.columns.pop_back();
    BOOST_TEST(talk.send(message::relation(described)) == "none");
    talk.send(begin());
    BOOST_TEST(talk.reader.changed_table() == 0u);
    BOOST_TEST(talk.send(message::truncate({.relations = {materials}})) == "table_changed");
}

BOOST_AUTO_TEST_CASE(a_table_described_again_as_it_is_stored_goes_on)
{
    conversation talk;
    auto described = wire_of(stored_materials);
    described.columns.pop_back();
    talk.send(message::relation(described));
    talk.describe();
    talk.send(begin());
    BOOST_TEST(talk.send(message::insert(materials, {text("1"), null()})) == "changed");
}

BOOST_AUTO_TEST_CASE(left_out_columns_are_skipped_wherever_they_stand)
{
    for (std::size_t place = 0; place <= 2; ++place) {
        auto table = materials_table();
        table.left_out = {"secret"};
        conversation talk{{table}};
        auto described = wire_of(table);
        described.columns.insert(described.columns.begin() + static_cast<std::ptrdiff_t>(place),
                                 {"secret", bytea_type, -1, false});
        talk.send(begin());
        talk.send(message::relation(described));
        auto insert = place == 0   ? message::insert(materials, {text("s"), text("7"), text("steel")})
                      : place == 1 ? message::insert(materials, {text("7"), text("s"), text("steel")})
                                   : message::insert(materials, {text("7"), text("steel"), text("s")});
        BOOST_TEST_CONTEXT("place " << place) {
            BOOST_TEST(talk.send(insert) == "changed");
            check_lines(talk.reader.changes(), {"put 1: 7 \"steel\""});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_left_out_column_that_is_gone_changes_nothing)
{
    auto table = materials_table();
    table.left_out = {"secret"};
    conversation talk{{table}};
    BOOST_TEST(insert_after(talk, wire_of(table)) == "changed");
}

BOOST_AUTO_TEST_CASE(a_tuple_with_another_number_of_columns_is_a_mismatch)
{
    for (const auto& bytes :
         {message::insert(materials, {text("7")}), message::insert(materials, {text("7"), null(), null()}),
          message::insert(materials, {}), message::update(materials, {text("7")}),
          message::update(materials, old_image::key, {text("7")}, {text("7"), null()}),
          message::remove(materials, old_image::key, {text("7")}), message::remove(materials, old_image::key, {})}) {
        open_transaction talk;
        BOOST_TEST(talk.send(bytes) == "column_mismatch");
        BOOST_TEST(talk.reader.failed_in() == "public.materials");
    }
}

BOOST_AUTO_TEST_CASE(a_value_that_its_type_does_not_print_means_a_new_copy)
{
    open_transaction talk;
    BOOST_TEST(talk.send(message::insert(materials, {text("seven"), null()})) == "table_changed");
    BOOST_TEST(talk.reader.changed_table() == materials);
}

// The server describes a partition right behind the table under whose name it sends the partition's rows.
BOOST_AUTO_TEST_CASE(a_partition_that_was_none_at_the_copy_means_a_new_copy_of_its_root)
{
    auto root = materials_table();
    root.partitions = {materials, 17001};
    auto described = [](oid id) {
        pgoutput::relation leaf;
        leaf.id = id;
        leaf.schema = "public";
        leaf.name = "leaf";
        return message::relation(leaf);
    };
    for (auto [leaf, answer] : {std::pair{oid{17001}, "none"}, std::pair{oid{17002}, "table_changed"}}) {
        conversation talk{{root}};
        talk.send(begin());
        talk.send(message::relation(wire_of(root)));
        BOOST_TEST(talk.send(described(leaf)) == answer);
    }
    // Behind a row, the next description is of a table of its own.
    conversation talk{{root}};
    talk.send(begin());
    talk.send(message::relation(wire_of(root)));
    talk.send(message::insert(materials, {text("7"), null()}));
    BOOST_TEST(talk.send(described(17002)) == "none");
}

BOOST_AUTO_TEST_CASE(a_mirrored_table_that_is_a_partition_of_another_for_a_while_is_copied_again)
{
    conversation talk;
    talk.send(begin());
    pgoutput::relation other;
    other.id = 17003;
    other.schema = "public";
    other.name = "other";
    talk.send(message::relation(other));
    BOOST_TEST(talk.send(message::relation(wire_of(stored_materials))) == "table_changed");
    BOOST_TEST(talk.reader.changed_table() == materials);
}

BOOST_AUTO_TEST_CASE(commits_that_start_before_the_copy_are_inside_it_whatever_their_shape)
{
    auto table = materials_table();
    table.record.valid_from = lsn{200};
    auto older = wire_of(table);
    older.columns.pop_back();
    conversation talk{{table}};
    talk.send(begin(199));
    talk.send(message::relation(older));
    BOOST_TEST(talk.send(message::insert(materials, {text("1")})) == "changed");
    BOOST_TEST(talk.send(message::truncate({.relations = {materials}})) == "changed");
    BOOST_TEST(talk.reader.changes().empty());
    BOOST_TEST(talk.reader.touched().empty());
}

BOOST_AUTO_TEST_CASE(a_commit_that_starts_where_the_copy_is_true_is_applied)
{
    auto table = materials_table();
    table.record.valid_from = lsn{200};
    conversation talk{{table}};
    talk.describe();
    talk.send(begin(200));
    talk.send(message::insert(materials, {text("1"), null()}));
    BOOST_TEST(talk.reader.changes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_transaction_may_be_inside_the_copy_of_one_table_and_news_for_another)
{
    auto fresh = table_of(suppliers, "suppliers", 2, {"id"}, {0});
    fresh.record.valid_from = lsn{200};
    open_transaction talk{{materials_table(), fresh}};
    talk.send(message::insert(suppliers, {text("1")}));
    talk.send(message::insert(materials, {text("1"), null()}));
    check_lines(talk.reader.changes(), {"put 1: 1 null"});
}

BOOST_AUTO_TEST_SUITE_END()
