#include "things.hpp"

#include <array>

using namespace understudy;

namespace {

/// `n` and `b` are null in the second row; the third has other values.
constexpr std::string_view one = R"({"id":1,"n":5,"b":true,"t":"abc","e":"x","jb":{"k":"v","z":null},"a":[1]})";
constexpr std::string_view nulls = R"({"id":2,"n":null,"b":null,"t":null,"e":null,"jb":null,"a":null})";

enum class truth { no, unknown, yes };

/// A filter and its negation: both false is unknown.
truth value_of(const std::string& filter, std::string_view row)
{
    static const auto table = things();
    auto chooses = [&](const std::string& name) {
        auto parsed = parse_query({{name, "(" + filter + ")"}});
        BOOST_TEST_REQUIRE(parsed.has_value(), filter << ": " << (parsed ? "" : parsed.error().details));
        auto bound = row_filter::bind(parsed->filter, table);
        BOOST_TEST_REQUIRE(bound.has_value(), filter << ": " << (bound ? "" : bound.error().message));
        auto chosen = bound->chooses(values_of(table, row));
        BOOST_TEST_REQUIRE(chosen.has_value());
        return *chosen;
    };
    bool yes = chooses("and");
    bool no = chooses("not.and");
    BOOST_TEST(!(yes && no), filter);
    return yes ? truth::yes : no ? truth::no : truth::unknown;
}

/// On a row where n is 5 and b is null.
constexpr std::string_view mixed = R"({"id":3,"n":5,"b":null,"t":"x","e":"x","jb":null,"a":[]})";
const std::array<std::pair<std::string, truth>, 3> operands{
    {{"n.eq.6", truth::no}, {"b.eq.true", truth::unknown}, {"n.eq.5", truth::yes}}};

read_error bind_error(std::string_view query)
{
    auto bound = row_filter::bind(query_of(query).filter, things());
    BOOST_TEST_REQUIRE(!bound.has_value(), query);
    return bound.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_filter_test)

BOOST_AUTO_TEST_CASE(and_or_and_not_follow_the_truth_tables)
{
    for (const auto& [left, left_truth] : operands)
        for (const auto& [right, right_truth] : operands) {
            BOOST_TEST((value_of("and(" + left + "," + right + ")", mixed) == std::min(left_truth, right_truth)),
                       left << " and " << right);
            BOOST_TEST((value_of("or(" + left + "," + right + ")", mixed) == std::max(left_truth, right_truth)),
                       left << " or " << right);
            auto opposite = static_cast<truth>(2 - static_cast<int>(std::max(left_truth, right_truth)));
            BOOST_TEST((value_of("not.or(" + left + "," + right + ")", mixed) == opposite), left << " nor " << right);
        }
}

BOOST_AUTO_TEST_CASE(a_comparison_with_null_is_unknown_and_a_test_never_is)
{
    for (const std::string filter : {"n.eq.5", "n.neq.5", "n.gt.1", "n.lte.1", "t.like.*", "t.ilike.a", "n.in.(5,6)",
                                     "n.not.eq.5", "n.not.in.(5)", "e.eq.x", "jb->>k.eq.v"})
        BOOST_TEST((value_of(filter, nulls) == truth::unknown), filter);
    for (const std::string filter :
         {"n.is.null", "b.is.unknown", "b.not.is.true", "b.not.is.false", "jb.is.null", "jb->k.is.null"})
        BOOST_TEST((value_of(filter, nulls) == truth::yes), filter);
    for (const std::string filter : {"n.is.not_null", "b.is.true", "b.is.false", "n.not.is.null", "n.in.()"})
        BOOST_TEST((value_of(filter, nulls) == truth::no), filter);
}

BOOST_AUTO_TEST_CASE(each_operator_chooses_what_sql_chooses)
{
    for (const std::string filter :
         {"n.eq.5", "n.neq.4", "n.gt.4", "n.gte.5", "n.lt.6", "n.lte.5", "n.in.(4,5)", "t.like.a%c", "t.like.a*",
          "t.ilike.*BC", "t.gt.abb", "b.is.true", "e.neq.y", "jb->>k.eq.v", "jb->z.is.not_null", "jb->>z.is.null",
          "a.is.not_null", "b.eq.t", "id.eq.\" 1 \""})
        BOOST_TEST((value_of(filter, one) == truth::yes), filter);
    for (const std::string filter : {"n.eq.4", "n.neq.5", "n.gt.5", "n.lt.5", "n.in.()", "t.like.A*", "b.is.false",
                                     "e.eq.y", "jb->>k.eq.\"\\\"v\\\"\"", "n.not.eq.5"})
        BOOST_TEST((value_of(filter, one) == truth::no), filter);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_compared_is_refused_by_name)
{
    for (const auto& [query, code] : std::vector<std::pair<std::string, std::string>>{{"nope=eq.1", "42703"},
                                                                                      {"n->a=eq.1", "42883"},
                                                                                      {"n=like.1", "42883"},
                                                                                      {"n=is.true", "42804"},
                                                                                      {"e=gt.x", "PGRST127"},
                                                                                      {"a=eq.{1}", "PGRST127"},
                                                                                      {"jb=eq.{}", "PGRST127"},
                                                                                      {"jb->k=eq.1", "PGRST127"},
                                                                                      {"n=eq.x", "22P02"},
                                                                                      {"n=in.(1,x)", "22P02"},
                                                                                      {"t=like.a\\", "22025"},
                                                                                      {"n=eq.99999999999", "22003"}})
        BOOST_TEST(bind_error(query).code == code, query);
    BOOST_TEST(bind_error("nope=eq.1").message == "column things.nope does not exist");
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_read_is_an_error_and_not_a_row)
{
    auto table = things();
    auto bound = row_filter::bind(query_of("t=eq.x").filter, table);
    BOOST_TEST_REQUIRE(bound.has_value());
    auto chosen = bound->chooses(values_of(table, R"({"id":1,"n":1,"b":true,"t":"\u0000","e":"x","jb":1,"a":[]})"));
    BOOST_TEST_REQUIRE(!chosen.has_value());
    BOOST_TEST(chosen.error().code == "22P05");
}

BOOST_AUTO_TEST_CASE(a_filter_on_the_key_bounds_the_scan_and_others_do_not)
{
    auto table = things();
    auto keys = [&](std::string_view query) {
        auto bound = row_filter::bind(query_of(query).filter, table);
        BOOST_TEST_REQUIRE(bound.has_value());
        return bound->named_keys(table);
    };
    auto is_bounded = [&](std::string_view query) {
        auto bound = row_filter::bind(query_of(query).filter, table);
        BOOST_TEST_REQUIRE(bound.has_value());
        auto [low, high] = bound->key_bounds(table);
        return !low.empty() || !high.empty();
    };
    BOOST_TEST(keys("id=eq.1")->size() == 1u);
    BOOST_TEST(keys("id=in.(3,1,3)")->size() == 2u);
    BOOST_TEST(keys("id=in.()")->empty());
    for (std::string_view query : {"id=not.eq.1", "or=(id.eq.1,n.eq.2)", "n=eq.1", "id=gt.1"})
        BOOST_TEST(!keys(query).has_value(), query);
    BOOST_TEST(is_bounded("id=gt.1"));
    BOOST_TEST(is_bounded("id=lte.1&n=eq.1"));
    for (std::string_view query : {"id=not.gt.1", "or=(id.gt.1,n.eq.2)", "not.and=(id.gt.1)", "n=gt.1", "id=neq.1"})
        BOOST_TEST(!is_bounded(query), query);
}

BOOST_AUTO_TEST_SUITE_END()
