#include "publish/manifest.hpp"

#include "support/printing.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>

using namespace understudy;

namespace {

manifest full()
{
    manifest made;
    made.generation = std::numeric_limits<std::uint64_t>::max();
    made.position = lsn{0xFFFF'FFFF'0000'0001};
    made.content_as_of = db_time{std::chrono::microseconds{1'700'000'000'000'001}};
    made.created_at = db_time{std::chrono::seconds{1'700'000'001}};
    made.source = {"postgres", "7123456789012345678", 3, "sh\"op", "slot", "publication"};
    made.tables = {{{"public", "m\n"},
                    9,
                    {{"id", 23, -1, "int4"}, {"price", 1700, 655366, ""}},
                    {"id"},
                    12,
                    {{"card", "excluded"}}}};
    made.documents = {{"a.json",
                       10,
                       12,
                       std::string(64, 'a'),
                       {std::string(64, 'b')},
                       std::string(64, 'c'),
                       std::string(64, 'd'),
                       7}};
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manifest_test)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back)
{
    for (auto made : {full(), manifest{}}) {
        auto read = manifest_from_json(to_json(made));
        BOOST_TEST_REQUIRE(read.has_value());
        BOOST_TEST((*read == made));
    }
}

BOOST_AUTO_TEST_CASE(what_only_a_source_of_several_logs_has_is_read_back)
{
    auto made = full();
    made.consistency = "row";
    made.source.kind = "kafka";
    made.offsets = R"({"shop.public.m":[12,40]})";
    made.tables[0].doubts = {"skipped_records", "resnapshot"};
    made.documents[0].withheld = 3;
    auto text = to_json(made);
    auto read = manifest_from_json(text);
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((*read == made));
    for (const auto* member : {R"("withheld_rows":3)", R"("doubts":["skipped_records","resnapshot"])",
                               R"("offsets":{"shop.public.m":[12,40]})", R"("consistency":"row")"})
        BOOST_TEST_CONTEXT(member) BOOST_TEST(text.find(member) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_source_of_one_log_does_not_have_is_not_written)
{
    auto text = to_json(full());
    for (const auto* member : {"offsets", "doubts", "withheld_rows"})
        BOOST_TEST_CONTEXT(member) BOOST_TEST(text.find(member) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(members_of_later_versions_are_ignored)
{
    auto value = boost::json::parse(to_json(full())).as_object();
    value["index"] = {{"anything", 1}};
    value["documents"].as_array()[0].as_object()["zstd"] = true;
    auto read = manifest_from_json(boost::json::serialize(value));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((*read == full()));
}

BOOST_AUTO_TEST_CASE(a_missing_or_wrong_member_is_named)
{
    auto whole = boost::json::parse(to_json(full())).as_object();
    for (const auto& member : whole)
        for (bool removed : {true, false}) {
            auto damaged = whole;
            if (removed)
                damaged.erase(member.key());
            else
                damaged[member.key()] = boost::json::array{1.5};
            auto read = manifest_from_json(boost::json::serialize(damaged));
            BOOST_TEST_CONTEXT("member " << member.key() << (removed ? " removed" : " replaced")) {
                BOOST_TEST_REQUIRE(!read.has_value());
                BOOST_TEST(read.error().code == errc::generation_damaged);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_later_format_is_refused_by_its_number)
{
    auto value = boost::json::parse(to_json(full())).as_object();
    value["format"] = 2;
    auto read = manifest_from_json(boost::json::serialize(value));
    BOOST_TEST_REQUIRE(!read.has_value());
    BOOST_TEST(read.error().text.find("format 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_damage)
{
    auto value = boost::json::parse(to_json(full())).as_object();
    for (boost::json::value bad : {boost::json::value{-1}, boost::json::value{1e300}, boost::json::value{"7"}}) {
        value["generation"] = bad;
        BOOST_TEST(!manifest_from_json(boost::json::serialize(value)).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
