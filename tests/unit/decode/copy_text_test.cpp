#include "decode/copy_text.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace understudy;

namespace {

struct split_result {
    error_code error;
    std::string scratch;
    std::vector<copy_text::field> fields;
};

split_result split(std::string_view line, std::size_t columns)
{
    split_result split;
    split.error = copy_text::split_line(line, columns, split.scratch, split.fields);
    return split;
}

/// What COPY TO makes of a value.
std::string escaped(std::string_view value)
{
    static constexpr std::string_view bytes = "\b\f\n\r\t\v\\";
    static constexpr std::string_view letters = "bfnrtv\\";
    std::string out;
    for (char byte : value) {
        auto known = bytes.find(byte);
        if (known == bytes.npos)
            out.push_back(byte);
        else
            out.append({'\\', letters[known]});
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(copy_text_lines)

BOOST_AUTO_TEST_CASE(a_line_splits_at_tabs_with_or_without_its_newline)
{
    for (std::string_view line : {"1\t\tthree", "1\t\tthree\n"}) {
        auto got = split(line, 3);
        BOOST_REQUIRE(!got.error);
        BOOST_REQUIRE(got.fields.size() == 3u);
        BOOST_TEST(got.fields[0].text == "1");
        BOOST_TEST(got.fields[1].text == "");
        BOOST_TEST(!got.fields[1].is_null);
        BOOST_TEST(got.fields[2].text == "three");
    }
}

BOOST_AUTO_TEST_CASE(null_is_the_whole_field_and_its_look_alike_is_not)
{
    auto got = split("\\N\t\\\\N\tN\n", 3);
    BOOST_REQUIRE(!got.error);
    BOOST_TEST(got.fields[0].is_null);
    BOOST_TEST(!got.fields[1].is_null);
    BOOST_TEST(got.fields[1].text == "\\N");
    BOOST_TEST(!got.fields[2].is_null);
}

BOOST_AUTO_TEST_CASE(fields_without_escapes_are_borrowed_from_the_line)
{
    std::string line = "plain\tes\\tcaped";
    auto got = split(line, 2);
    BOOST_TEST(got.fields[0].text.data() == line.data());
    BOOST_TEST(got.fields[1].text == "es\tcaped");
}

BOOST_AUTO_TEST_CASE(unescaped_fields_stay_valid_while_others_follow)
{
    std::string line;
    for (int i = 0; i < 200; ++i) line += i == 0 ? "a\\n" : "\ta\\n";
    auto got = split(line, 200);
    BOOST_REQUIRE(!got.error);
    for (const auto& field : got.fields) BOOST_TEST(field.text == "a\n");
}

BOOST_AUTO_TEST_CASE(any_values_survive_the_round_trip)
{
    constexpr unsigned seed = 20261123;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    static constexpr std::string_view alphabet = "\b\f\n\r\t\v\\Nntx. \x7f\xc3\xa9";
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::string> values(1 + random() % 5);
        std::string line;
        for (auto& value : values) {
            for (auto length = random() % 8; length > 0; --length) value += alphabet[random() % alphabet.size()];
            if (&value != &values[0]) line += '\t';
            line += escaped(value);
        }
        line += '\n';
        auto got = split(line, values.size());
        BOOST_REQUIRE(!got.error);
        for (std::size_t i = 0; i < values.size(); ++i) BOOST_TEST(got.fields[i].text == values[i]);
    }
}

BOOST_AUTO_TEST_CASE(escapes_that_copy_to_does_not_write_are_damage)
{
    for (std::string_view line : {"\\", "a\\", "\\x41", "\\101", "\\q", "a\\N", "\\Na", "\\.", "a\\\tb"})
        BOOST_TEST_CONTEXT(line) BOOST_TEST(split(line, line.find('\t') == line.npos ? 1 : 2).error == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(a_line_of_another_width_is_a_column_mismatch)
{
    for (std::size_t columns : {0UL, 1UL, 2UL, 4UL, 5UL})
        BOOST_TEST_CONTEXT(columns) BOOST_TEST(split("1\t2\t3\n", columns).error == errc::column_mismatch);
    BOOST_TEST(split("", 2).error == errc::column_mismatch);
}

BOOST_AUTO_TEST_CASE(a_table_without_columns_has_empty_lines)
{
    BOOST_TEST(split("\n", 0).error == error_code{});
    BOOST_TEST(split("\n", 0).fields.empty());
    BOOST_TEST(split("\n", 1).fields.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
