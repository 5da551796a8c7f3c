#include "integration/render/type_cases.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace understudy {

const char* const type_definitions = R"sql(
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"', 'ümlaut', '');
CREATE TYPE empty_composite AS ();
CREATE TYPE one_field AS (sole text);
CREATE TYPE point3 AS (x int, "a ""quoted"" name" numeric, gone text, note text);
ALTER TYPE point3 DROP ATTRIBUTE gone;
CREATE TYPE nested AS (p point3, ps point3[], h hstore, j json, m mood[], t timestamptz[], b box[], e empty_composite);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN small AS positive CHECK (value < 100);
CREATE DOMAIN ints AS int[];
CREATE DOMAIN document AS json;
CREATE DOMAIN place AS point3;
CREATE TYPE floats AS RANGE (subtype = float8);
CREATE TYPE of_domains AS (s small, i ints, d document, p place, is_ ints[]);
)sql";

namespace {

// clang-format off: lists of values, read row by row
const std::vector<std::string> strings = {
    "", " ", "a", "a ", "a\t", "A", "b", "aa", "null", "NULL", "\"", "\\", "'", "{", "}", ",", "(", ")", "a,b",
    "a\"b\\c", "\\N", "\n", "\r\n", "\b\f\v", "\x01\x1f\x7f", "/", "é", "ß", "€", "\xF0\x9F\x98\x80",
    "\xE2\x80\xA8", "\xEF\xBB\xBF", "[0:1]={1}", "=>", ";", std::string(300, 'x'), "{\"a\": [1]}"};

}  // namespace

const std::vector<type_case>& type_cases()
{
    static const std::vector<type_case> cases = {
        {"bool", {"t", "f"}, key_order::value},
        {"bytea", {"", "\\x00", "\\x0000", "\\x0001", "\\x00ff", "\\x01", "\\xff", "\\xff00", "\\x5c78", "abc"},
         key_order::value},
        {"\"char\"", {"", "a", "\"", "\\", " ", "}"}},
        {"name", {"", "a", "B", "a b", "\"q\"", "é"}, key_order::value},
        {"int2", {"-32768", "-256", "-255", "-1", "0", "1", "255", "256", "32767"}, key_order::value},
        {"int4", {"-2147483648", "-65536", "-65535", "0", "7", "65535", "65536", "2147483647"}, key_order::value},
        {"int8", {"-9223372036854775808", "-4294967296", "-1", "0", "1", "72057594037927936",
                  "9223372036854775807"}, key_order::value},
        {"int2vector", {"", "1", "1 2 -3"}},
        {"oidvector", {"", "1", "1 2 4294967295"}},
        {"regproc", {"now", "-", "pg_typeof"}},
        {"regprocedure", {"lower(text)", "-"}},
        {"regoper", {"|/", "0"}},
        {"regoperator", {"=(int4,int4)", "0"}},
        {"regclass", {"pg_class", "-"}},
        {"regtype", {"int4", "timestamp with time zone", "\"char\"", "int4[]"}},
        {"regconfig", {"english"}},
        {"regdictionary", {"simple"}},
        {"regnamespace", {"pg_catalog", "public"}},
        {"regrole", {"pg_monitor", "-"}},
        {"regcollation", {"\"C\"", "\"POSIX\""}},
        {"text", strings, key_order::value, " COLLATE \"C\""},
        {"varchar", strings, key_order::value, " COLLATE \"C\""},
        {"varchar(5)", {"", "abc", "a\"b"}, key_order::value, " COLLATE \"C\""},
        {"char(3)", {"", "a", "a\t", "ab", "abc", "é"}, key_order::value, " COLLATE \"C\""},
        {"bpchar", {"", "x", "x\"y", "xé"}, key_order::value, " COLLATE \"C\""},
        {"oid", {"0", "1", "2147483648", "4294967295"}, key_order::value},
        {"tid", {"(0,1)", "(4294967295,65535)"}},
        {"xid", {"0", "3", "4294967295"}},
        {"cid", {"0", "4294967295"}},
        {"xid8", {"0", "1", "4294967296", "18446744073709551615"}, key_order::value},
        {"json", {"1", "-0", "1.50", "1E400", "\"a\"", "null", " true ", "{}", "[ ]", "{ \"a\" :\n[1,\r\n 2\t] }",
                  "\"\\ud800\"", "\"\\u0000\\n\\/\"", "{\"a\":1,\"a\":2}", "\"é\"",
                  std::string(200, '[') + std::string(200, ']')}},
        {"jsonb", {"1", "-0", "1.50", "1E40", "\"a\\nb\"", "null", "{}", "[]", "{\"b\":[1,{\"c\":null}],\"a\":\"€\"}"}},
        {"xml", {"<a>\n\"b\" &amp; é</a>", ""}},
        {"jsonpath", {"$.\"a\"[*] ? (@ > 1)", "strict $"}},
        {"point", {"(1,2)", "(-0,1e300)", "(NaN,Infinity)"}},
        {"lseg", {"[(1,2),(3,4)]"}},
        {"path", {"[(1,2),(3,4)]", "((1,2),(3,4))"}},
        {"box", {"(3,4),(1,2)", "(0,0),(0,0)"}},
        {"polygon", {"((1,2),(3,4),(5,6))"}},
        {"line", {"{1,2,3}"}},
        {"circle", {"<(1,2),3>"}},
        {"float4", {"NaN", "Infinity", "-Infinity", "0", "-0", "1", "-1", "0.1", "1e-45", "3.4028235e38", "1e10",
                    "16777216", "-1.5e-5", "1e20"}, key_order::value},
        {"float8", {"NaN", "Infinity", "-Infinity", "0", "-0", "1", "-1", "0.1", "5e-324", "-5e-324",
                    "1.7976931348623157e308", "-1.7976931348623157e308", "1e15", "1e16", "0.0001", "0.00001"},
         key_order::value},
        {"numeric", {"NaN", "Infinity", "-Infinity", "0", "0.00", "1", "1.0", "1.00", "-1", "10", "100", "1e20",
                     "0.1", "0.01", "0.001", "-0.001", "-0.0010", "99", "-99", "-99.1", "-100", "1e-16383", "12.5",
                     "12.49", "12.501", "1e131071", "-1e131071", "123456789012345678901234567890.123456789"},
         key_order::value},
        {"numeric(10,2)", {"0", "1.5", "-12345678.90"}, key_order::value},
        {"money", {"0", "-1.5", "1234567.89"}},
        {"inet", {"1.2.3.4", "10.0.0.0/8", "::1", "fe80::/10"}},
        {"cidr", {"10.0.0.0/8", "::/0"}},
        {"macaddr", {"08:00:2b:01:02:03", "00:00:00:00:00:00"}, key_order::value},
        {"macaddr8", {"08:00:2b:01:02:03:04:05"}, key_order::value},
        {"aclitem", {"postgres=r/postgres", "=U/postgres"}},
        {"date", {"infinity", "-infinity", "4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "1969-12-31",
                  "1970-01-01", "2000-02-29", "2100-03-01", "9999-12-31", "10000-01-01", "5874897-12-31"},
         key_order::value},
        {"time", {"00:00:00", "00:00:00.000001", "12:34:56.7", "23:59:59.999999", "24:00:00"}, key_order::value},
        {"timetz", {"00:00:00+00", "12:34:56.7-12:30", "24:00:00+15:59:59"}},
        {"timestamp", {"infinity", "-infinity", "4713-11-24 00:00:00 BC", "0044-03-15 12:00:00.5 BC",
                       "0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2000-01-01 00:00:00",
                       "2024-02-29 12:34:56.120000", "2024-02-29 12:34:56.12001", "10000-01-01 00:00:00",
                       "294276-12-31 23:59:59.999999"}, key_order::value},
        {"timestamp(0)", {"2024-02-29 12:34:56.7"}, key_order::value},
        {"timestamptz", {"infinity", "-infinity", "4713-11-24 00:00:00+00 BC", "0044-03-15 12:00:00.5+02 BC",
                         "0001-01-01 00:00:00+00", "2024-02-29 12:34:56.12-05:30", "2024-02-29 12:34:56+00",
                         "294276-12-31 23:59:59.999999+00"}, key_order::value},
        {"interval", {"0", "1 day", "24 hours", "-1 year -2 mons +3 days -04:05:06.789", "178000000 years"}},
        {"bit(3)", {"000", "101"}, key_order::value},
        {"varbit", {"", "0", "1", "01", "0101010101"}, key_order::value},
        {"uuid", {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
                  "ff000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, key_order::value},
        {"pg_lsn", {"0/0", "0/F", "0/10", "16/B374D848", "FFFFFFFF/FFFFFFFF"}, key_order::value},
        {"tsvector", {"a:1 'it''s':2,3A", "'a\\\\b' '\"'"}},
        {"tsquery", {"a & !'b c' | d:*"}},
        {"txid_snapshot", {"10:20:10,14,15"}},
        {"pg_snapshot", {"10:20:"}},
        {"refcursor", {"<unnamed \"portal\" 1>"}},
        {"int4range", {"empty", "[1,5)", "(,)", "[3,]"}},
        {"int8range", {"[1,9223372036854775807)"}},
        {"numrange", {"(1.50,2)", "[,Infinity]"}},
        {"tsrange", {"[2020-01-01,2021-01-01 00:00:00.5)"}},
        {"tstzrange", {"[2020-01-01,infinity)"}},
        {"daterange", {"[0044-03-15 BC,)"}},
        {"int4multirange", {"{}", "{[1,2),[5,9)}"}},
        {"int8multirange", {"{[1,2)}"}},
        {"nummultirange", {"{(1.5,2]}"}},
        {"tsmultirange", {"{[2020-01-01,2021-01-01)}"}},
        {"tstzmultirange", {"{[2020-01-01,2021-01-01)}"}},
        {"datemultirange", {"{[2020-01-01,2021-01-01)}"}},
        {"floats", {"[1.5,2.25)"}},
        {"mood", {"sad", "ok", "it's \"fine\"", "ümlaut", ""}},
        {"hstore", {"", "a=>1", "a=>NULL, b=>\"NULL\"", "\"\"=>\"\"", "\"q\\\"\\\\\"=>\", =>\", \"é\n\"=>\"\t\""}},
        {"citext", {"", "a", "A\"", "é"}},
        {"ltree", {"", "a.b.c"}},
        {"lquery", {"a.*{1,2}.b"}},
        {"empty_composite", {"()"}},
        {"one_field", {"()", "(\"\")", "(\" \")", "(a)", "(\"a\"\"b\\\\c\")", "(NULL)"}},
        {"point3", {"(,,)", "(1,1.50,\"a,b\")", "(-1,NaN,\"(\"\"\\\\\"\")\")", "(1,2,\"\n\")"}},
        {"nested", {"(,,,,,,,)",
                    "ROW(ROW(1, 2, E'x,\"y\"\\n')::point3,"
                    " ARRAY[ROW(1, NULL, NULL)::point3, NULL, ROW(NULL, 3.0, '\\\"a b\\')::point3],"
                    " 'k=>v, n=>NULL, \"\\\"\\\\\"=>\"(\"', E'{\"a\" :\\n [1]}', '{sad,\"\"}',"
                    " '{\"2024-02-29 12:34:56+00\",infinity}', '{(3,4),(1,2);(1,1),(0,0)}', '()')"}},
        {"positive", {"1", "2147483647"}, key_order::value},
        {"small", {"1", "99"}, key_order::value},
        {"ints", {"{}", "{1,NULL}"}},
        {"document", {"{\"a\":\n 1}"}},
        {"place", {"(1,2,x)"}},
        {"of_domains", {"(5,\"{1,2}\",\"{\"\"a\"\": 1}\",\"(1,,)\",\"{\"\"{1}\"\",\"\"{2,3}\"\"}\")", "(,,,,)"}},
        {"int4[]", {"{}", "{1}", "{NULL}", "{{1,2},{3,NULL}}", "[0:2]={1,2,3}", "[-5:-4][2:3]={{1,2},{3,4}}",
                    "{{{{{{1}}}}}}"}},
        {"text[]", {"{}", "{a}", "{NULL,\"NULL\",null}", "{\"\",\" \",\"a b\",\"{\",\"}\",\",\",\"\\\"\",\"\\\\\"}",
                    "{{a,\"\n\"},{é,\"[1:1]=\"}}", "[2:2]={x}"}},
        {"box[]", {"{(3,4),(1,2);(1,1),(0,0)}", "{}"}},
        {"point3[]", {"{\"(1,2,\\\"a \\\\\\\"\\\\\\\" b\\\")\",NULL}"}},
        {"int2vector[]", {"{\"1 2\",\"\",3}"}},
        {"json[]", {"{\"{\\\"a\\\": [1,\n2]}\",1,\"null\",NULL}"}},
        {"timestamptz[]", {"{\"2024-02-29 12:34:56.5+00\",infinity,NULL}"}},
        {"_varchar", {"{a,b}"}},
    };
    // clang-format on
    return cases;
}

bool refuses_input(std::string_view type)
{
    static constexpr std::array<std::string_view, 7> names = {"pg_node_tree",
                                                              "gtsvector",
                                                              "pg_ndistinct",
                                                              "pg_dependencies",
                                                              "pg_mcv_list",
                                                              "pg_brin_bloom_summary",
                                                              "pg_brin_minmax_multi_summary"};
    return std::ranges::find(names, type) != names.end();
}

}  // namespace understudy
