#include "things.hpp"

#include "core/limits.hpp"

#include <map>

using namespace understudy;

namespace {

/// Why a query is refused: its details.
read_error refusal(std::string_view text)
{
    auto parameters = parse_parameters(text);
    if (!parameters) return parameters.error();
    auto parsed = parse_query(*parameters);
    BOOST_TEST_REQUIRE(!parsed.has_value(), text);
    return parsed.error();
}

const condition& first_condition(const read_query& query)
{
    BOOST_TEST_REQUIRE(!query.filter.branches.empty());
    return std::get<condition>(query.filter.branches.front());
}

std::string repeated(std::string_view text, std::size_t count)
{
    std::string made;
    for (std::size_t at = 0; at < count; ++at) made += text;
    return made;
}

/// The query string that means this query, by the grammar of read_query.hpp.
class writer {
public:
    static std::string field(const field_ref& from)
    {
        auto text = quoted(from.column);
        for (std::size_t at = 0; at < from.path.size(); ++at) {
            text += from.as_text && at + 1 == from.path.size() ? "->>" : "->";
            text += from.path[at].index ? from.path[at].key : quoted(from.path[at].key);
        }
        return text;
    }
    static std::string quoted(std::string_view text)
    {
        std::string made = "\"";
        for (char byte : text) {
            if (byte == '"' || byte == '\\') made += '\\';
            made += byte;
        }
        return made + '"';
    }
    static std::string test(const condition& from)
    {
        static const std::map<filter_operator, std::string> tests{
            {filter_operator::is_null, "null"},       {filter_operator::is_not_null, "not_null"},
            {filter_operator::is_true, "true"},       {filter_operator::is_false, "false"},
            {filter_operator::is_unknown, "unknown"},
        };
        auto text = std::string{from.negated ? "not." : ""} + name_of(from.what) + '.';
        if (auto found = tests.find(from.what); found != tests.end()) return text + found->second;
        if (from.what != filter_operator::in) return text + quoted(from.values.front());
        text += '(';
        for (const auto& value : from.values) text += (text.back() == '(' ? "" : ",") + quoted(value);
        return text + ')';
    }
    static std::string group(const filter_group& from)
    {
        auto text = std::string{from.negated ? "not." : ""} + (from.any ? "or(" : "and(");
        for (const auto& branch : from.branches) {
            if (text.back() != '(') text += ',';
            if (const auto* inner = std::get_if<filter_group>(&branch))
                text += group(*inner);
            else
                text += field(std::get<condition>(branch).field) + '.' + test(std::get<condition>(branch));
        }
        return text + ')';
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(read_query_test)

BOOST_AUTO_TEST_CASE(a_query_without_parameters_asks_for_everything)
{
    BOOST_TEST((query_of("") == read_query{}));
    BOOST_TEST((query_of("&&") == read_query{}));
    BOOST_TEST((query_of("select=") == read_query{}));
}

BOOST_AUTO_TEST_CASE(select_takes_columns_names_arrows_and_the_star)
{
    auto query = query_of("select=id,title:t,*,jb->a,x:jb->\"a b\"->-1->>c,%22odd%2Cname%22,a-b, spaced ");
    BOOST_TEST_REQUIRE(query.select.size() == 8u);
    BOOST_TEST(query.select[0].name == "id");
    BOOST_TEST(query.select[1].name == "title");
    BOOST_TEST(query.select[1].field.column == "t");
    BOOST_TEST(query.select[2].is_star);
    BOOST_TEST(query.select[3].name == "a");
    BOOST_TEST(!query.select[3].field.as_text);
    const auto& deep = query.select[4];
    BOOST_TEST(deep.name == "x");
    BOOST_TEST(deep.field.as_text);
    BOOST_TEST((deep.field.path == std::vector<json_step>{{"a b", {}}, {"-1", -1}, {"c", {}}}));
    BOOST_TEST(query.select[5].field.column == "odd,name");
    BOOST_TEST(query.select[6].field.column == "a-b");
    BOOST_TEST(query.select[7].field.column == "spaced");
}

BOOST_AUTO_TEST_CASE(a_json_path_is_named_by_its_last_key)
{
    auto query = query_of("select=jb->a->0,jb->0,jb->a-b->>c-d");
    BOOST_TEST(query.select[0].name == "a");
    BOOST_TEST(query.select[1].name == "jb");
    BOOST_TEST(query.select[2].name == "c-d");
}

BOOST_AUTO_TEST_CASE(each_operator_is_known_with_and_without_not)
{
    for (const std::string name : {"eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike"})
        for (const std::string negation : {"", "not."})
            BOOST_TEST_CONTEXT(negation << name) {
                auto query = query_of("t=" + negation + name + ".a.b(c),%22d");
                const auto& made = first_condition(query);
                BOOST_TEST(name_of(made.what) == name);
                BOOST_TEST(made.negated == !negation.empty());
                BOOST_TEST(made.values == std::vector<std::string>{"a.b(c),\"d"}, boost::test_tools::per_element());
            }
}

BOOST_AUTO_TEST_CASE(is_takes_five_words_in_any_case)
{
    using enum filter_operator;
    for (const auto& [word, what] : {std::pair{"null", is_null},
                                     {"NULL", is_null},
                                     {"not_null", is_not_null},
                                     {"True", is_true},
                                     {"false", is_false},
                                     {"unknown", is_unknown}}) {
        auto query = query_of(std::string{"b=is."} + word);
        BOOST_TEST((first_condition(query).what == what), word);
    }
    BOOST_TEST(refusal("b=is.maybe").details.find("null, not_null, true, false or unknown") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_holds_plain_and_quoted_values)
{
    auto values_in = [](std::string_view text) { return first_condition(query_of(text)).values; };
    using texts = std::vector<std::string>;
    BOOST_TEST(values_in("t=in.(a,b)") == (texts{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(values_in(R"x(t=in.("a,b","c\"d","e\\f",")"))x") == (texts{"a,b", "c\"d", "e\\f", ")"}),
               boost::test_tools::per_element());
    BOOST_TEST(values_in("t=in.(a\"b,c)") == (texts{"a\"b", "c"}), boost::test_tools::per_element());
    BOOST_TEST(values_in("t=in.()").empty());
    BOOST_TEST(values_in("t=in.(,a)") == (texts{"", "a"}), boost::test_tools::per_element());
    BOOST_TEST(refusal("t=in.a").details == "expected `(`");
    BOOST_TEST(refusal("t=in.(a").details == "expected `)`");
    BOOST_TEST(refusal("t=in.(a)b").details == "expected the end");
}

BOOST_AUTO_TEST_CASE(groups_stand_inside_each_other)
{
    auto query = query_of("or=(id.eq.1,and(n.gt.2,not.or(t.like.a*,b.is.true)))&not.and=(id.eq.3)");
    BOOST_TEST_REQUIRE(query.filter.branches.size() == 2u);
    const auto& first = std::get<filter_group>(query.filter.branches[0]);
    BOOST_TEST(writer::group(first) == R"(or("id".eq."1",and("n".gt."2",not.or("t".like."a*","b".is.true))))");
    BOOST_TEST(std::get<filter_group>(query.filter.branches[1]).negated);
}

BOOST_AUTO_TEST_CASE(a_group_that_is_written_out_is_read_back_the_same)
{
    for (const std::string text :
         {R"(and("a".eq."1"))", R"x(not.or("a b".neq."x,y)(","c".is.null))x",
          R"(or("jb"->"k\"ey"->-1->>"v".in.("1","","\\"),and("t".not.ilike."%_\\"),not.and("x".is.not_null)))",
          R"(and("é".gte."日本","b".not.is.unknown,"n".lt."-1","n".lte."","n".gt."1"))"}) {
        BOOST_TEST_CONTEXT(text) {
            auto at = text.find('(');
            auto parsed = parse_query({{text.substr(0, at), text.substr(at)}});
            BOOST_TEST_REQUIRE(parsed.has_value(), (parsed ? std::string{} : parsed.error().details));
            BOOST_TEST(writer::group(std::get<filter_group>(parsed->filter.branches.front())) == text);
        }
    }
}

BOOST_AUTO_TEST_CASE(order_has_postgres_defaults_for_nulls)
{
    auto query = query_of("order=a,b.asc,c.desc,d.desc.nullslast,e.nullsfirst,jb->>k.desc.nullsfirst");
    BOOST_TEST_REQUIRE(query.order.size() == 6u);
    std::string shape;
    for (const auto& term : query.order)
        shape += std::string{term.descending ? "d" : "a"} + (term.nulls_first ? "f " : "l ");
    BOOST_TEST(shape == "al al df dl af df ");
    BOOST_TEST(query.order.back().field.as_text);
    BOOST_TEST(refusal("order=a.up").details.find("`.asc`, `.desc`") != std::string::npos);
    BOOST_TEST(refusal("order=").details == "expected a column's name");
}

BOOST_AUTO_TEST_CASE(limit_and_offset_are_whole_numbers)
{
    auto query = query_of("limit=18446744073709551615&offset=0");
    BOOST_TEST(*query.limit == 18446744073709551615u);
    for (std::string_view bad :
         {"limit=-1", "limit=", "limit=1.5", "limit=18446744073709551616", "offset=x", "offset= 1"})
        BOOST_TEST(refusal(bad).details == "expected a whole number that is not negative", bad);
}

BOOST_AUTO_TEST_CASE(an_error_says_what_was_read_and_where)
{
    auto error = refusal("or=(id.eq.1,n.foo.2)");
    BOOST_TEST(error.message == "failed to parse logic tree (or(id.eq.1,n.foo.2)) at character 14");
    BOOST_TEST(error.details.starts_with("expected an operator: eq, neq"));
    BOOST_TEST(error.code == "PGRST100");
    BOOST_TEST((error.status == http::status::bad_request));
    BOOST_TEST(refusal("id=1").message == "failed to parse filter (1) at character 1");
    BOOST_TEST(refusal("id=" + std::string(5000, 'x')).message.size() < 400u);
}

BOOST_AUTO_TEST_CASE(what_postgrest_has_and_we_do_not_is_refused_by_name)
{
    for (const auto& [query, named] :
         std::vector<std::pair<std::string, std::string>>{{"t=fts.cat", "the operator fts"},
                                                          {"t=match.x", "the operator match"},
                                                          {"a=cs.{1}", "the operator cs"},
                                                          {"t=eq(any).{a}", "the quantifiers of eq"},
                                                          {"select=id::text", "casts"},
                                                          {"select=other(id)", "embedding"},
                                                          {"select=...other(id)", "embedding"},
                                                          {"select=other!inner(id)", "embedding"},
                                                          {"select=n.sum()", "aggregate"},
                                                          {"select=count()", "aggregate"},
                                                          {"order=other(id)", "another table"},
                                                          {"other.id=eq.1", "another table"}})
        BOOST_TEST_CONTEXT(query) {
            auto error = refusal(query);
            BOOST_TEST(error.code == "PGRST127");
            BOOST_TEST(error.details.find(named) != std::string::npos);
        }
}

BOOST_AUTO_TEST_CASE(nothing_goes_beyond_its_limit)
{
    auto allowed = [](const std::string& text) { query_of(text); };
    allowed("id=in.(" + repeated("1,", limits::filter_values_max - 1) + "1)");
    BOOST_TEST(refusal("id=in.(" + repeated("1,", limits::filter_values_max) + "1)").details.find("at most") !=
               std::string::npos);
    auto nested = [](std::size_t depth) {
        return "and=(" + repeated("and(", depth - 1) + "id.eq.1" + std::string(depth, ')');
    };
    allowed(nested(limits::filter_depth_max));
    BOOST_TEST(refusal(nested(limits::filter_depth_max + 1)).details.find("groups inside each other") !=
               std::string::npos);
    BOOST_TEST(refusal(nested(100'000)).details.find("groups inside each other") != std::string::npos);
    allowed(repeated("id=eq.1&", limits::query_parameters_max));
    BOOST_TEST(refusal(repeated("id=eq.1&", limits::query_parameters_max + 1)).details.find("at most") !=
               std::string::npos);
    auto conditions = [](std::size_t count) { return "or=(id.eq.1" + repeated(",id.eq.1", count - 1) + ")"; };
    allowed(conditions(limits::filter_conditions_max));
    BOOST_TEST(refusal(conditions(limits::filter_conditions_max + 1)).details.find("at most") != std::string::npos);
    allowed("select=jb" + repeated("->a", limits::json_steps_max));
    BOOST_TEST(refusal("select=jb" + repeated("->a", limits::json_steps_max + 1)).details == "expected fewer arrows");
    BOOST_TEST(refusal("select=a" + repeated(",a", limits::select_fields_max)).details == "expected fewer columns");
    BOOST_TEST(refusal("order=a" + repeated(",a", limits::select_fields_max)).details == "expected fewer columns");
}

BOOST_AUTO_TEST_CASE(parameters_are_decoded_once_and_must_be_utf8)
{
    auto all = parse_parameters("a%3Db=c%26d+e&%C3%A4=%2525");
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST(all->at(0).first == "a=b");
    BOOST_TEST(all->at(0).second == "c&d e");
    BOOST_TEST(all->at(1).first == "ä");
    BOOST_TEST(all->at(1).second == "%25");
    for (std::string_view bad :
         {"a=%", "a=%4", "a=%zz", "%=a", "a=%00", "a=%C0%AF", "a=%ED%A0%80", "a=%F5%80%80%80", "a=\xFF"})
        BOOST_TEST(!parse_parameters(bad).has_value(), bad);
    BOOST_TEST(*decode_path_part("a+b%20c") == "a+b c");
    BOOST_TEST(!decode_path_part("%C3").has_value());
}

BOOST_AUTO_TEST_CASE(a_query_cut_at_any_byte_is_read_or_refused)
{
    const std::string whole =
        R"(or=(id.eq.1,and("a b"->x->>y.not.in.("q\"",2),not.and(t.ilike."*%25",b.is.null)))&order=n.desc.nullslast,jb->-1&select=x:jb->"a"->>b,*&limit=1)";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        auto parameters = parse_parameters(std::string_view{whole}.substr(0, size));
        if (!parameters) continue;
        auto parsed = parse_query(*parameters);
        if (!parsed) BOOST_TEST(!parsed.error().message.empty());
    }
}

BOOST_AUTO_TEST_CASE(what_an_answer_repeats_of_a_request_is_utf8)
{
    BOOST_TEST(valid_utf8("plain ä 日 😀") == "plain ä 日 😀");
    BOOST_TEST(valid_utf8("a\xFF"
                          "b\xC3") == "a\xEF\xBF\xBD"
                                      "b\xEF\xBF\xBD");
    BOOST_TEST(valid_utf8("\xE6\x97") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    BOOST_TEST(valid_utf8("\x80") == "\xEF\xBF\xBD");
}

BOOST_AUTO_TEST_SUITE_END()
