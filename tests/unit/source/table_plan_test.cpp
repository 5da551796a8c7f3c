#include "unit/source/table_kit.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace understudy;
using namespace understudy::table_kit;

namespace {

failure refusal_of(const table_facts& facts)
{
    auto planned = plan_table(facts, {});
    return planned ? failure{errc::internal, "planned"} : planned.error();
}

std::vector<std::string> column_names(const mirrored_table& table)
{
    std::vector<std::string> names;
    for (const auto& column : table.record.shape.columns) names.push_back(column.name);
    return names;
}

using names = std::vector<std::string>;
using places = std::vector<std::uint16_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(table_plan)

BOOST_AUTO_TEST_CASE(a_plain_table_is_mirrored_whole_by_its_primary_key)
{
    auto planned = plan_table(materials(), {}).value();
    BOOST_TEST(planned.record.relation == 16400u);
    BOOST_TEST(to_string(planned.record.name) == "public.materials");
    BOOST_TEST(planned.record.fingerprint == "fp");
    BOOST_TEST(column_names(planned) == (names{"id", "code", "note"}), boost::test_tools::per_element());
    BOOST_TEST(planned.record.shape.key == places{0}, boost::test_tools::per_element());
    BOOST_TEST(planned.formats.size() == 3u);
    BOOST_TEST(planned.left_out.empty());
}

BOOST_AUTO_TEST_CASE(each_identity_tells_rows_apart_by_its_columns)
{
    struct row {
        const char* what;
        std::function<void(table_facts&)> change;
        row_identity identity;
        places key;
    };
    auto on_index = [](table_facts& f) {
        f.replica_identity = 'i';
        f.identity_index = {"code", "id"};
    };
    auto full_without_key = [](table_facts& f) {
        f.replica_identity = 'f';
        f.primary_key.clear();
    };
    auto leaves = [](std::string letters) {
        return [letters](table_facts& f) {
            f.kind = 'p';
            f.leaf_identities = letters;
        };
    };
    for (const auto& [what, change, identity, key] : std::vector<row>{
             {"default", [](table_facts&) {}, row_identity::key, {0}},
             {"a key of two columns",
              [](table_facts& f) { f.primary_key = {"code", "id"}; },
              row_identity::key,
              {1, 0}},
             {"an index", on_index, row_identity::key, {1, 0}},
             {"full with a key", [](table_facts& f) { f.replica_identity = 'f'; }, row_identity::key, {0}},
             {"full without a key", full_without_key, row_identity::multiset, {}},
             {"partitions by default", leaves("d"), row_identity::key, {0}},
             {"partitions of both kinds", leaves("df"), row_identity::key, {0}},
             {"full partitions without a key",
              [](table_facts& f) {
                  f.kind = 'p';
                  f.leaf_identities = "f";
                  f.primary_key.clear();
              },
              row_identity::multiset,
              {}},
             {"no partition yet", leaves(""), row_identity::key, {0}},
         }) {
        auto facts = materials();
        change(facts);
        auto planned = plan_table(facts, {});
        BOOST_TEST_CONTEXT(what) {
            BOOST_TEST_REQUIRE(planned.has_value());
            BOOST_TEST((planned->record.shape.identity == identity));
            BOOST_TEST(planned->record.shape.key == key, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(old_rows_are_whole_where_every_partition_is_full)
{
    auto full = materials();
    full.kind = 'p';
    full.primary_key.clear();
    full.leaf_identities = "f";
    BOOST_TEST(plan_table(full, {}).value().old_rows_are_whole);
    auto mixed = materials();
    mixed.kind = 'p';
    mixed.leaf_identities = "df";
    BOOST_TEST(!plan_table(mixed, {}).value().old_rows_are_whole);
    BOOST_TEST(!plan_table(materials(), {}).value().old_rows_are_whole);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_followed_is_refused_by_name)
{
    struct row {
        const char* says;
        std::function<void(table_facts&)> change;
    };
    for (const auto& [says, change] : std::vector<row>{
             {"is a view", [](table_facts& f) { f.kind = 'v'; }},
             {"is a materialized view", [](table_facts& f) { f.kind = 'm'; }},
             {"is a foreign table", [](table_facts& f) { f.kind = 'f'; }},
             {"is not a table", [](table_facts& f) { f.kind = 'S'; }},
             {"is not a table", [](table_facts& f) { f.kind = 'c'; }},
             {"is unlogged", [](table_facts& f) { f.persistence = 'u'; }},
             {"is a temporary table", [](table_facts& f) { f.persistence = 't'; }},
             {"has unlogged partitions",
              [](table_facts& f) {
                  f.kind = 'p';
                  f.persistences = "pu";
              }},
             {"sends as those of public.root", [](table_facts& f) { f.sent_as = "public.root"; }},
             {"no usable replica identity", [](table_facts& f) { f.primary_key.clear(); }},
             {"no usable replica identity", [](table_facts& f) { f.replica_identity = 'n'; }},
             {"no usable replica identity", [](table_facts& f) { f.replica_identity = 'i'; }},
             {"partitions without a usable replica identity",
              [](table_facts& f) {
                  f.kind = 'p';
                  f.leaf_identities = "dn";
              }},
             {"partitions without a usable replica identity",
              [](table_facts& f) {
                  f.kind = 'p';
                  f.leaf_identities = "df";
                  f.primary_key.clear();
              }},
             {"replica identity index that its partitions do not use",
              [](table_facts& f) {
                  f.kind = 'p';
                  f.replica_identity = 'i';
                  f.identity_index = {"code"};
              }},
             {"told apart by column id", [](table_facts& f) { f.setting.exclude = {"id"}; }},
             {"told apart by column id", [](table_facts& f) { f.setting.columns = {"code"}; }},
             {"told apart by column id", [](table_facts& f) { f.columns[0].published = false; }},
             {"has no column to mirror",
              [](table_facts& f) {
                  f.replica_identity = 'f';
                  f.primary_key.clear();
                  f.setting.exclude = {"id", "code", "note"};
              }},
         }) {
        auto facts = materials();
        change(facts);
        auto refused = refusal_of(facts);
        BOOST_TEST_CONTEXT(says << ": " << refused.text) {
            BOOST_TEST(refused.code == errc::table_unusable);
            BOOST_TEST(refused.text.find(says) != refused.text.npos);
            BOOST_TEST(refused.text.find("public.materials") != refused.text.npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_full_table_without_a_key_may_leave_columns_out)
{
    auto facts = materials();
    facts.replica_identity = 'f';
    facts.primary_key.clear();
    facts.setting.exclude = {"note"};
    auto planned = plan_table(facts, {}).value();
    BOOST_TEST(column_names(planned) == (names{"id", "code"}), boost::test_tools::per_element());
    BOOST_TEST(planned.left_out == names{"note"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(columns_are_chosen_or_left_out_in_the_order_of_the_table)
{
    auto facts = materials();
    facts.setting.columns = {"note", "id"};
    auto chosen = plan_table(facts, {}).value();
    BOOST_TEST(column_names(chosen) == (names{"id", "note"}), boost::test_tools::per_element());
    BOOST_TEST(chosen.left_out == names{"code"}, boost::test_tools::per_element());

    facts = materials();
    facts.setting.exclude = {"code"};
    auto rest = plan_table(facts, {}).value();
    BOOST_TEST(column_names(rest) == (names{"id", "note"}), boost::test_tools::per_element());
    BOOST_TEST(rest.left_out == names{"code"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_key_counts_stored_columns_only)
{
    auto facts = materials();
    facts.primary_key = {"note"};
    facts.setting.exclude = {"id"};
    auto planned = plan_table(facts, {}).value();
    BOOST_TEST(planned.record.shape.key == places{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_column_that_the_config_names_and_the_table_lacks_is_a_bad_config)
{
    for (auto list : {&table_setting::columns, &table_setting::exclude}) {
        auto facts = materials();
        facts.setting.*list = {"id", "colour"};
        auto refused = refusal_of(facts);
        BOOST_TEST(refused.code == errc::bad_config);
        BOOST_TEST(refused.text.find("colour") != refused.text.npos);
        BOOST_TEST(refused.text.find("id, code, note") != refused.text.npos);
    }
}

BOOST_AUTO_TEST_CASE(a_type_without_a_known_json_form_is_refused_unless_left_out)
{
    auto facts = materials();
    facts.columns[2].described.type = 20000;
    facts.columns[2].type_name = "mood";
    auto refused = refusal_of(facts);
    BOOST_TEST(refused.code == errc::unsupported_type);
    BOOST_TEST(refused.text.find("column note of public.materials has type mood") != refused.text.npos);
    facts.setting.exclude = {"note"};
    BOOST_TEST(plan_table(facts, {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
