#include "settings/yaml_reader.hpp"

#include "config_builder.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace understudy {

namespace {

std::string json_of(std::string_view text)
{
    config_errors errors;
    auto tree = read_yaml_text(text, "c.yaml", errors);
    return errors.empty() ? boost::json::serialize(tree.root) : to_string(errors.front());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml)

BOOST_AUTO_TEST_CASE(plain_scalars_have_the_types_of_the_core_schema)
{
    std::vector<std::pair<std::string, std::string>> rows{
        {"a: 5", R"({"a":5})"},
        {"a: -5", R"({"a":-5})"},
        {"a: true", R"({"a":true})"},
        {"a: ~", R"({"a":null})"},
        {"a:", R"({"a":null})"},
        {"a: 'true'", R"({"a":"true"})"},
        {"a: \"5\"", R"({"a":"5"})"},
        {"a: yes", R"({"a":"yes"})"},
        {"a: 5s", R"({"a":"5s"})"},
        {"a: 1.5", R"({"a":1.5E0})"},
        {"a: 0440", R"({"a":"0440"})"},
        {"a: 0x10", R"({"a":"0x10"})"},
        {"a: [x, 1]", R"({"a":["x",1]})"},
        {"a: --", R"({"a":"--"})"},
        {"a: 1-2", R"({"a":"1-2"})"},
    };
    for (const auto& [text, expected] : rows)
        BOOST_TEST_CONTEXT(text) BOOST_TEST(json_of(text) == expected);
}

BOOST_AUTO_TEST_CASE(aliases_are_followed)
{
    BOOST_TEST(json_of("a: &x {b: 1}\nc: *x") == R"({"a":{"b":1},"c":{"b":1}})");
}

BOOST_AUTO_TEST_CASE(broken_yaml_is_one_error_at_its_place)
{
    BOOST_TEST(json_of("a: [1, 2\nb: 3\n").starts_with("c.yaml:2:"));
    BOOST_TEST(json_of("a: 1\n\tb: 2\n").starts_with("c.yaml:"));
    BOOST_TEST(json_of("a: *x\n") == "c.yaml:1:4: not YAML: the referenced anchor is not defined");
}

BOOST_AUTO_TEST_CASE(a_duplicate_key_names_the_first_one)
{
    BOOST_TEST(json_of("a: 1\nb: {c: 1, c: 2}\n") == "c.yaml:2:11: b.c: duplicate key, first written at 2:5");
}

BOOST_AUTO_TEST_CASE(a_second_document_is_refused)
{
    BOOST_TEST(json_of("a: 1\n---\nb: 2\n") == "c.yaml:3:1: more than one YAML document");
}

BOOST_AUTO_TEST_CASE(a_key_that_is_no_text_is_refused)
{
    BOOST_TEST(json_of("? [a, b]\n: 1\n").ends_with("?: a key has to be plain text"));
    BOOST_TEST(json_of("\"a\\0b\": 1\n").ends_with("?: a key has to be plain text"));
}

BOOST_AUTO_TEST_CASE(control_characters_are_refused)
{
    BOOST_TEST(json_of("a: \"x\\0y\"") == "c.yaml:1:4: a: holds a control character");
    BOOST_TEST(json_of("a: \"x\\ey\"") == "c.yaml:1:4: a: holds a control character");
}

BOOST_AUTO_TEST_CASE(a_long_value_is_refused)
{
    BOOST_TEST(json_of("a: " + std::string(8193, 'x')) == "c.yaml:1:4: a: longer than 8192 bytes");
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused_and_does_not_crash)
{
    BOOST_TEST(json_of(std::string(40, '[') + std::string(40, ']')).find("nested too deep") != std::string::npos);
    BOOST_TEST(json_of(std::string(100'000, '[')).starts_with("c.yaml:"));
}

BOOST_AUTO_TEST_CASE(aliases_that_multiply_are_refused)
{
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) text += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
        text += "]\n";
    }
    BOOST_TEST(json_of(text).find("too large") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_huge_file_is_refused)
{
    BOOST_TEST(json_of(std::string((std::size_t{4} << 20) + 1, '#')).find("larger than") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_configuration_cut_anywhere_gives_an_answer)
{
    auto whole = with_line("documents: [{file: a.json, tables: [{table: public.materials, columns: [{a: b}]}]}]");
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length) BOOST_TEST(!complaints(whole.substr(0, length)).empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_an_error)
{
    config_errors errors;
    read_yaml_file("/nonexistent/understudy.yaml", errors);
    read_yaml_file("/tmp", errors);
    BOOST_REQUIRE(errors.size() == 2);
    BOOST_TEST(to_string(errors[0]) == "/nonexistent/understudy.yaml: cannot be read: No such file or directory");
    BOOST_TEST(to_string(errors[1]) == "/tmp: cannot be read: Is a directory");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
