#include "integration/reads/question.hpp"

#include "support/http_client.hpp"

#include <algorithm>

namespace understudy::testing {

const std::string things_schema = R"SQL(
CREATE TYPE mood AS ENUM ('sad', 'so-so', 'glad');
CREATE DOMAIN small AS int CHECK (VALUE < 1000);
CREATE TABLE things (
    id bigint PRIMARY KEY, i2 smallint, i4 int, n numeric, f4 real, f8 double precision, b boolean, t text,
    v varchar(40), c char(6), d date, ts timestamp, tz timestamptz, tm time, u uuid, by bytea, e mood, dom small,
    js json, jb jsonb, arr int[], net inet);
INSERT INTO things SELECT
    i * 3 - 100,
    CASE WHEN i % 7 <> 0 THEN (i * 31 % 200 - 100) END,
    CASE WHEN i % 11 <> 0 THEN i * 7919 % 50 - 25 END,
    (ARRAY[NULL, 0, 1.0, 1.00, -1.5, 1e20, 123456789012345678901234567890.5, 'NaN', -0.001, i, 'Infinity'])[1 + i % 11]::numeric,
    (ARRAY[NULL, 0, 1.1, -2.5, 'NaN', 'Infinity', '-Infinity', 3.4e38, i / 7.0])[1 + i % 9]::real,
    (ARRAY[NULL, 0, 1.1, -2.5, 'NaN', 'Infinity', '-Infinity', 1e300, i / 7.0])[1 + i % 9]::double precision,
    (ARRAY[true, false, NULL])[1 + i % 3],
    (ARRAY[NULL, '', 'a', 'A', 'ab', 'a b', 'Ärger', 'ärger', 'straße', E'line\nbreak', 'tab' || E'\t', 'quo"te', 'back\slash', '50%', 'a_b', 'comma,(x)', '日本語', '😀 smile', 'null', 'zz' || i % 5])[1 + i % 20],
    (ARRAY[NULL, 'x', 'X', 'xyz', 'Étoile', 'étoile', 'a.b', 'v' || i % 13])[1 + i % 8],
    (ARRAY[NULL, 'a', 'ab    ', 'AB', ''])[1 + i % 5],
    (ARRAY[NULL, '2026-01-01', '1999-12-31', '2026-02-28', 'infinity', '-infinity', '0044-03-15 BC', '12026-01-01'])[1 + i % 8]::date,
    (ARRAY[NULL, '2026-01-01 00:00:00', '2026-01-01 00:00:00.5', '2026-01-01 12:34:56.789012', 'infinity', '0044-03-15 12:00:00 BC'])[1 + i % 6]::timestamp,
    (ARRAY[NULL, '2026-01-01 00:00:00+00', '2026-01-01 02:00:00+02', '2025-12-31 23:59:59.999999+00', '-infinity', '1900-01-01 00:00:00+00'])[1 + i % 6]::timestamptz,
    (ARRAY[NULL, '00:00:00', '12:00:00', '12:00:00.5', '12:00:00.45', '23:59:59.999999', '24:00:00'])[1 + i % 7]::time,
    (ARRAY[NULL, '00000000-0000-0000-0000-000000000001', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])[1 + i % 4]::uuid,
    (ARRAY[NULL, '\x', '\x00', '\x0001', '\xdeadbeef', '\xff'])[1 + i % 6]::bytea,
    (ARRAY[NULL, 'sad', 'so-so', 'glad'])[1 + i % 4]::mood,
    CASE WHEN i % 5 <> 0 THEN i % 40 END,
    (ARRAY[NULL, '{"a": 1, "b": {"c": "x"}}', '{"a":null,"list":[1,"two",{"k":3}]}', '[10, 20, [30]]', '"text"', '5', '{"a":"q\"uote","a":"last"}', 'null'])[1 + i % 8]::json,
    (ARRAY[NULL, '{"a": 1, "b": {"c": "x"}}', '{"a":null,"list":[1,"two",{"k":3}]}', '[10, 20, [30]]', '"text"', '5', '{"a":"ä\u00e9"}', 'null'])[1 + i % 8]::jsonb,
    (ARRAY[NULL, '{}', '{1,2}', '{NULL,3}'])[1 + i % 4]::int[],
    (ARRAY[NULL, '10.0.0.1', '::1'])[1 + i % 3]::inet
FROM generate_series(1, 700) i;
)SQL";

struct questioner::column_facts {
    std::string name;
    std::string type;
    bool ordered = true;
    bool text = false;
    std::vector<std::string> literals = {};
    std::string url_field = {};  ///< If it is not the name: a json path.
    std::string sql_field = {};
    std::string url() const { return url_field.empty() ? name : url_field; }
    std::string sql() const
    {
        if (!sql_field.empty()) return sql_field;
        return text ? "(" + name + " COLLATE \"C\")" : name;
    }
};

const std::vector<questioner::column_facts>& questioner::columns()
{
    using texts = std::vector<std::string>;
    static const texts numbers{"0", "1", "-1", "5", "-25", "7", "+3", " 12 ", "007"};
    static const texts numerics{"0",    "1",   "1.000",    "-1.5",      "1e20", ".5",
                                "5.",   "NaN", "Infinity", "-infinity", "1E-3", "123456789012345678901234567890.5",
                                "99.75"};
    static const texts floats{"0", "1.1", "-2.5", "NaN", "Infinity", "-Infinity", "1e300", "0.14285714285714285", "+1"};
    static const texts reals{"0", "1.1", "-2.5", "NaN", "Infinity", "-Infinity", "3.4e38", "0.142857", "1.10000001"};
    static const texts words{"",        "a",           "A",   "ab",        "Ärger",  "ärger", "line\nbreak",
                             "quo\"te", "back\\slash", "a_b", "comma,(x)", "日本語", "zz3",   "x",
                             "xyz",     "étoile",      "v1",  "null",      "(a)b.c", "{a}",   "50%",
                             " lead",   "trail ",      "a.b"};
    static const texts dates{"2026-01-01",    "1999-12-31", "infinity",  "-infinity",
                             "0044-03-15 BC", "2026-1-5",   "2000-02-29"};
    static const texts moments{"2026-01-01",   "2026-01-01T00:00:00.5",  "2026-01-01 12:34:56.789012",
                               "infinity",     "0044-03-15 12:00:00 BC", "2026-01-01T00:00:00.4999999",
                               "1900-1-1 1:02"};
    static const texts zoned{
        "2026-01-01T00:00:00Z",      "2026-01-01 02:00:00+02",   "2025-12-31 23:59:59.999999", "-infinity",
        "1900-01-01T05:30:00+05:30", "2026-01-01T00:00:00-0800", "2026-06-01 12:00+01"};
    static const texts times{"00:00:00", "12:00", "12:00:00.5", "12:00:00.450", "24:00:00", "9:15:00"};
    static const texts uuids{"00000000-0000-0000-0000-000000000001", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                             "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11"};
    static const texts bytes{"\\x", "\\x00", "\\x0001", "\\xDEADBEEF", "\\xff", "\\xfe"};
    static const texts booleans{"true", "f", "yes", "NO", "on", "0", "TRUE", " t "};
    static const std::vector<column_facts> all{
        {"id", "bigint", true, false, {"-97", "-40", "200", "1000", "2000", "0", "53", "56"}},
        {"i2", "smallint", true, false, numbers},
        {"i4", "int", true, false, numbers},
        {"n", "numeric", true, false, numerics},
        {"f4", "real", true, false, reals},
        {"f8", "double precision", true, false, floats},
        {"b", "boolean", true, false, booleans},
        {"t", "text", true, true, words},
        {"v", "varchar", true, true, words},
        {"c", "bpchar", true, true, {"a", "ab", "AB", "", "a     ", "ab "}},
        {"d", "date", true, false, dates},
        {"ts", "timestamp", true, false, moments},
        {"tz", "timestamptz", true, false, zoned},
        {"tm", "time", true, false, times},
        {"u", "uuid", true, false, uuids},
        {"by", "bytea", true, false, bytes},
        {"e", "mood", false, false, {"sad", "so-so", "glad"}},
        {"dom", "int", true, false, numbers},
        {"jb", "text", true, true, {"1", "x", "é", "ä", "null"}, "jb->>a", "((jb->>'a') COLLATE \"C\")"},
        {"js", "text", true, true, {"1", "last", "20", "two"}, "js->list->>1", "((js->'list'->>1) COLLATE \"C\")"},
        {"js", "text", true, true, {"10", "[30]"}, "js->>-1", "((js->>-1) COLLATE \"C\")"},
    };
    return all;
}

namespace {

std::string sql_text(const std::string& text)
{
    std::string made = "'";
    for (char byte : text) made.append(byte == '\'' ? 2 : 1, byte);
    return made + "'";
}

/// As it stands inside or(...) and in(...): quoted where something in it would end it.
std::string group_text(const std::string& text)
{
    if (!text.empty() && text.find_first_of(",()\"\\{} ") == text.npos) return text;
    std::string made = "\"";
    for (char byte : text) {
        if (byte == '"' || byte == '\\') made.push_back('\\');
        made.push_back(byte);
    }
    return made + "\"";
}

}  // namespace

const questioner::column_facts& questioner::any_column()
{
    return columns()[below(columns().size())];
}

std::string questioner::any_literal(const column_facts& column)
{
    return column.literals[below(column.literals.size())];
}

questioner::part questioner::comparison(const column_facts& column, bool inside_group)
{
    static const std::vector<std::pair<std::string, std::string>> operators{
        {"eq", "="}, {"neq", "<>"}, {"gt", ">"}, {"gte", ">="}, {"lt", "<"}, {"lte", "<="}};
    const auto& [url, sql] = operators[below(column.ordered ? 6 : 2)];
    auto literal = any_literal(column);
    return {url + "." + (inside_group ? group_text(literal) : literal),
            column.sql() + " " + sql + " " + sql_text(literal) + "::" + column.type};
}

questioner::part questioner::like(const column_facts& column, bool inside_group)
{
    static const std::vector<std::string> patterns{
        "*",      "a*",     "*r",  "%ge_", "_",    "__", "*a*b*", "",    "\\%*", "50\\%", "a\\_b", "*é*",
        "ÉTOILE", "straße", "日*", "*\n*", "*\"*", "X*", "a,*",   "AB*", "%.%",  "\\\\*", "*\\\\*"};
    auto pattern = patterns[below(patterns.size())];
    bool any_case = chance(50);
    auto in_sql = pattern;
    std::replace(in_sql.begin(), in_sql.end(), '*', '%');
    // The letters' case is that of C.UTF-8, whatever the database's is.
    auto field = any_case ? "(" + column.sql() + " COLLATE \"C.utf8\")" : column.sql();
    return {std::string{any_case ? "ilike" : "like"} + "." + (inside_group ? group_text(pattern) : pattern),
            field + (any_case ? " ILIKE " : " LIKE ") + sql_text(in_sql)};
}

questioner::part questioner::among(const column_facts& column)
{
    part made{"in.(", column.sql() + " = ANY (ARRAY["};
    auto count = 1 + below(4);
    for (std::size_t at = 0; at < count; ++at) {
        auto literal = any_literal(column);
        if (count == 1 && literal.empty()) literal = column.literals.back();  // PostgREST takes in.("") for nothing
        made.url += (at == 0 ? "" : ",") + group_text(literal);
        made.sql += (at == 0 ? "" : ",") + sql_text(literal);
    }
    return {made.url + ")", made.sql + "]::" + column.type + "[])"};
}

questioner::part questioner::test(const column_facts& column)
{
    static const std::vector<std::pair<std::string, std::string>> all{{"null", "NULL"},       {"not_null", "NOT NULL"},
                                                                      {"true", "TRUE"},       {"false", "FALSE"},
                                                                      {"unknown", "UNKNOWN"}, {"NULL", "NULL"}};
    const auto& [url, sql] = column.type == "boolean" ? all[below(all.size())] : all[below(2)];
    return {"is." + url, column.sql() + " IS " + sql};
}

questioner::part questioner::condition(const column_facts& column, bool inside_group)
{
    auto made = [&] {
        if (column.text && chance(35)) return like(column, inside_group);
        auto kind = below(10);
        if (kind < 6) return comparison(column, inside_group);
        return kind < 8 ? among(column) : test(column);
    }();
    if (!chance(20)) return made;
    return {"not." + made.url, "NOT (" + made.sql + ")"};
}

questioner::part questioner::group(int depth)
{
    bool any = chance(60);
    bool negated = chance(20);
    part made{std::string{negated ? "not." : ""} + (any ? "or" : "and") + "(", negated ? "NOT (" : "("};
    auto count = 1 + below(3);
    for (std::size_t at = 0; at < count; ++at) {
        part inner;
        if (depth < 3 && chance(30)) {
            inner = group(depth + 1);
        } else {
            const auto& column = any_column();
            inner = condition(column, true);
            inner.url = column.url() + "." + inner.url;
        }
        made.url += (at == 0 ? "" : ",") + inner.url;
        made.sql += (at == 0 ? "" : any ? " OR " : " AND ") + ("(" + inner.sql + ")");
    }
    return {made.url + ")", made.sql + ")"};
}

questioner::part questioner::named_condition()
{
    if (chance(40)) {
        auto made = group(1);
        auto name = made.url.substr(0, made.url.find('('));
        return {percent_encoded(name) + "=" + percent_encoded(made.url.substr(name.size())), made.sql};
    }
    const auto& column = any_column();
    auto made = condition(column, false);
    return {percent_encoded(column.url()) + "=" + percent_encoded(made.url), made.sql};
}

std::string questioner::selection(std::string& url)
{
    static const std::vector<part> fields{{"id", "id"},
                                          {"title:t", "t AS title"},
                                          {"n", "n"},
                                          {"f8", "f8"},
                                          {"tz", "tz"},
                                          {"e", "e"},
                                          {"arr", "arr"},
                                          {"net", "net"},
                                          {"by", "by"},
                                          {"b", "b"},
                                          {"jb->a", "jb->'a' AS a"},
                                          {"x:js->list->2->k", "js->'list'->2->'k' AS x"},
                                          {"jb->b->>c", "jb->'b'->>'c' AS c"},
                                          {"js->>a", "js->>'a' AS a"},
                                          {"last:jb->-1", "jb->-1 AS last"},
                                          {"js->1", "js->1 AS js"},
                                          {"*", "*"},
                                          {"c", "c"},
                                          {"d", "d"},
                                          {"\"v\"", "v"}};
    if (chance(30)) return "*";
    part made;
    auto count = 1 + below(5);
    for (std::size_t at = 0; at < count; ++at) {
        const auto& field = fields[below(fields.size())];
        made.url += (at == 0 ? "" : ",") + field.url;
        made.sql += (at == 0 ? "" : ", ") + field.sql;
    }
    url += "&select=" + percent_encoded(made.url);
    return made.sql;
}

std::string questioner::order(std::string& url)
{
    std::string in_url;
    std::string sql;
    for (auto count = below(4); count > 0; --count) {
        const auto& column = any_column();
        if (!column.ordered) continue;
        in_url += (in_url.empty() ? "" : ",") + column.url();
        sql += column.sql();
        if (chance(50)) {
            bool descending = chance(60);
            in_url += descending ? ".desc" : ".asc";
            sql += descending ? " DESC" : " ASC";
        }
        if (chance(30)) {
            bool first = chance(50);
            in_url += first ? ".nullsfirst" : ".nullslast";
            sql += first ? " NULLS FIRST" : " NULLS LAST";
        }
        sql += ", ";
    }
    if (!in_url.empty()) url += "&order=" + percent_encoded(in_url);
    return sql + "id";
}

question questioner::next()
{
    std::string url;
    std::string where;
    for (auto count = below(4); count > 0; --count) {
        auto made = named_condition();
        url += "&" + made.url;
        where += (where.empty() ? " WHERE (" : " AND (") + made.sql + ")";
    }
    auto fields = selection(url);
    auto ordered = order(url);
    std::string limited;
    if (chance(40)) {
        auto limit = std::to_string(below(20));
        url += "&limit=" + limit;
        limited += " LIMIT " + limit;
    }
    if (chance(30)) {
        auto offset = std::to_string(below(50));
        url += "&offset=" + offset;
        limited += " OFFSET " + offset;
    }
    // The subquery numbers the rows, so that their order is json_agg's, too.
    return {"/things" + (url.empty() ? "" : "?" + url.substr(1)), "SELECT coalesce(json_agg(r), '[]') FROM (SELECT " +
                                                                      fields + " FROM things" + where + " ORDER BY " +
                                                                      ordered + limited + ") r"};
}

}  // namespace understudy::testing
