#include "source/kafka/description.hpp"

#include "support/printing.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace understudy;
namespace json = boost::json;

namespace {

type_facts full_type()
{
    type_facts facts;
    facts.id = 16500;
    facts.schema = "shop \"x\"";
    facts.name = "price";
    facts.kind = 'd';
    facts.base = 1700;
    facts.base_typmod = 655366;
    facts.element = 16501;
    facts.delimiter = ';';
    facts.attributes = {{"a", 23}, {"b\n", 25}};
    facts.casts_to_json = true;
    return facts;
}

description full()
{
    description made;
    made.database = "shop";
    made.server_version = "15.8";
    described_table items;
    items.name = {"public", "items"};
    items.relation = 4'000'000'000;
    items.columns = {{.shape = {"id", 20, -1}, .type_name = "bigint", .nullable = false, .has_default = true},
                     {.shape = {"price", 16500, 655366}, .type_name = "price", .nullable = true, .has_default = false}};
    items.key = {"id"};
    items.left_out = {"total"};
    made.tables = {items, {}};
    made.types = {full_type(), {}};
    return made;
}

bool is_same(const type_facts& left, const type_facts& right)
{
    auto attributes = [](const type_facts& of) {
        std::string all;
        for (const auto& [name, type] : of.attributes) all += name + " " + std::to_string(type) + ";";
        return all;
    };
    return left.id == right.id && left.schema == right.schema && left.name == right.name && left.kind == right.kind &&
           left.base == right.base && left.base_typmod == right.base_typmod && left.element == right.element &&
           left.delimiter == right.delimiter && left.casts_to_json == right.casts_to_json &&
           attributes(left) == attributes(right);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(descriptions)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back)
{
    auto read = description_from_json(to_json(full()));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(read->database == "shop");
    BOOST_TEST(read->server_version == "15.8");
    BOOST_TEST((read->tables == full().tables));
    BOOST_TEST_REQUIRE(read->types.size() == 2U);
    BOOST_TEST(is_same(read->types[0], full_type()));
    BOOST_TEST(is_same(read->types[1], type_facts{}));
}

BOOST_AUTO_TEST_CASE(each_table_and_each_type_has_a_line_of_its_own)
{
    auto text = to_json(full());
    BOOST_TEST(text.find("\n    {\"schema\":\"public\",\"name\":\"items\"") != std::string::npos);
    BOOST_TEST(text.find("\n    {\"oid\":16500") != std::string::npos);
    BOOST_TEST(text.back() == '\n');
}

BOOST_AUTO_TEST_CASE(a_text_cut_anywhere_is_refused)
{
    auto whole = to_json(full());
    for (std::size_t length = 0; length + 1 < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length)
            BOOST_TEST(name_of(description_from_json(whole.substr(0, length)).error().code) == "bad_config");
}

BOOST_AUTO_TEST_CASE(a_member_that_is_missing_or_of_another_kind_is_refused)
{
    auto whole = json::parse(to_json(full())).as_object();
    json::array wrong;  // filled later: compilers differ over an array in braces
    wrong.emplace_back(0);
    auto damaged_at = [](auto value) { return description_from_json(json::serialize(value)); };
    for (const auto& member : whole)
        for (bool removed : {true, false}) {
            auto damaged = whole;
            damaged[member.key()] = wrong;
            if (removed) damaged.erase(member.key());
            BOOST_TEST_CONTEXT(member.key()) BOOST_TEST(name_of(damaged_at(damaged).error().code) == "bad_config");
        }
    for (const auto* list : {"tables", "types"}) {
        auto first = whole.at(list).at(0).as_object();
        for (const auto& member : first) {
            auto damaged = whole;
            damaged.at(list).as_array().at(0).as_object().erase(member.key());
            BOOST_TEST_CONTEXT(list << " " << member.key()) BOOST_TEST(damaged_at(damaged).has_error());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_letter_that_is_missing_is_refused)
{
    auto whole = json::parse(to_json(full())).as_object();
    whole.at("types").at(0).as_object()["kind"] = "";
    BOOST_TEST(description_from_json(json::serialize(whole)).has_error());
}

BOOST_AUTO_TEST_CASE(a_later_format_is_refused_by_its_number)
{
    auto whole = json::parse(to_json(full())).as_object();
    whole["format"] = 2;
    auto read = description_from_json(json::serialize(whole));
    BOOST_TEST_REQUIRE(read.has_error());
    BOOST_TEST(read.error().text == "has format 2, which this version does not read");
}

BOOST_AUTO_TEST_SUITE_END()
