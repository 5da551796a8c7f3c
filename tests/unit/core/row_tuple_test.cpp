#include "core/row_tuple.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace understudy;
using namespace std::string_literals;

namespace {

// `-` is unchanged, `null` is null, anything else a fragment.
std::string tuple_of(const std::vector<std::string>& fields)
{
    std::string tuple;
    for (const auto& field : fields) {
        if (field == "-")
            append_unchanged(tuple);
        else if (field == "null")
            append_null(tuple);
        else
            append_fragment(tuple, field);
    }
    return tuple;
}

std::vector<std::string> fields_of(std::string_view tuple)
{
    std::vector<std::string> fields;
    tuple_reader reader{tuple};
    while (auto field = reader.next())
        fields.push_back(field->what == tuple_field::kind::unchanged ? "-" : std::string{field->fragment});
    if (!reader.ok()) fields.emplace_back("damaged");
    return fields;
}

std::string spliced(const std::vector<std::string>& fresh, const std::vector<std::string>& stored)
{
    std::string out = "left over";
    auto done = splice(tuple_of(fresh), tuple_of(stored), out);
    if (!done) return done.error().message();
    std::string shown;
    for (const auto& field : fields_of(out)) shown += field + " ";
    return shown;
}

// Lengths around each border of the length's own encoding, which counts the bytes plus one.
const std::vector<std::size_t> border_lengths{1,     2,     125,   126,   127,     128,    129,
                                              16381, 16382, 16383, 16384, 2097150, 2097151};

}  // namespace

BOOST_AUTO_TEST_SUITE(row_tuples)

BOOST_AUTO_TEST_CASE(fields_come_back_as_they_went_in)
{
    std::vector<std::string> fields{"1", "null", "-", "\"text\"", "{\"a\": 1}", "null"};
    BOOST_TEST(fields_of(tuple_of(fields)) == fields, boost::test_tools::per_element());
    BOOST_TEST(fields_of("").empty());
}

BOOST_AUTO_TEST_CASE(fragments_of_every_length_come_back_whole)
{
    for (auto length : border_lengths) {
        std::string fragment(length, 'x');
        BOOST_TEST_CONTEXT("length " << length)
            BOOST_TEST((fields_of(tuple_of({"1", fragment, "2"})) == std::vector{"1"s, fragment, "2"s}));
    }
}

BOOST_AUTO_TEST_CASE(a_fragment_rendered_in_place_is_the_same_as_an_appended_one)
{
    for (auto length : border_lengths) {
        std::string fragment(length, 'x');
        std::string in_place = tuple_of({"first"});
        auto mark = begin_fragment(in_place);
        in_place += fragment;
        end_fragment(in_place, mark);
        append_null(in_place);
        BOOST_TEST_CONTEXT("length " << length) BOOST_TEST((in_place == tuple_of({"first", fragment, "null"})));
    }
}

BOOST_AUTO_TEST_CASE(a_tuple_cut_inside_a_field_is_damaged)
{
    auto first = tuple_of({std::string(200, 'x')});
    auto whole = first + tuple_of({"null", "12"});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        bool between_fields = length == 0 || length == first.size() || length == first.size() + 1;
        auto fields = fields_of(std::string_view{whole}.substr(0, length));
        bool damaged = !fields.empty() && fields.back() == "damaged";
        BOOST_TEST_CONTEXT("length " << length) BOOST_TEST(damaged != between_fields);
    }
}

BOOST_AUTO_TEST_CASE(a_length_that_never_ends_is_damaged)
{
    for (auto tuple : {"\x80"s, "\x80\x80\x80\x80\x80\x80"s, std::string(20, '\xFF'), "\xFF\xFF\xFF\xFF\x0F"s}) {
        auto fields = fields_of(tuple);
        BOOST_TEST((fields == std::vector{"damaged"s}));
    }
}

BOOST_AUTO_TEST_CASE(unchanged_fields_are_seen)
{
    BOOST_TEST(has_unchanged(tuple_of({"1", "-"})));
    BOOST_TEST(!has_unchanged(tuple_of({"1", "null"})));
    BOOST_TEST(!has_unchanged(""));
}

BOOST_AUTO_TEST_CASE(splice_takes_unchanged_fields_from_the_stored_row)
{
    BOOST_TEST(spliced({"1", "-", "null"}, {"9", "\"big\"", "8"}) == "1 \"big\" null ");
    BOOST_TEST(spliced({"-", "-"}, {"null", "2"}) == "null 2 ");
    BOOST_TEST(spliced({"1", "2"}, {"3", "4"}) == "1 2 ");
    BOOST_TEST(spliced({}, {}) == "");
}

BOOST_AUTO_TEST_CASE(splice_of_rows_of_different_widths_is_a_column_mismatch)
{
    BOOST_TEST(spliced({"1", "-"}, {"1"}) == "column_mismatch");
    BOOST_TEST(spliced({"1"}, {"1", "2"}) == "column_mismatch");
    BOOST_TEST(spliced({"1"}, {}) == "column_mismatch");
    BOOST_TEST(spliced({}, {"1"}) == "column_mismatch");
}

BOOST_AUTO_TEST_CASE(splice_leaves_unchanged_what_the_stored_row_does_not_have)
{
    BOOST_TEST(spliced({"-"}, {"-"}) == "- ");
    BOOST_TEST(spliced({"1", "-", "-"}, {"-", "2", "-"}) == "1 2 - ");
}

BOOST_AUTO_TEST_CASE(splice_of_a_damaged_row_is_a_column_mismatch)
{
    auto fresh = tuple_of({"-", "2", "-"});
    auto stored = tuple_of({std::string(200, 'x'), "5", "77"});
    std::string out;
    for (std::size_t length = 0; length < stored.size(); ++length)
        BOOST_TEST_CONTEXT("stored " << length)
            BOOST_TEST(splice(fresh, std::string_view{stored}.substr(0, length), out).error() == errc::column_mismatch);
    for (std::size_t length = 0; length < fresh.size(); ++length)
        BOOST_TEST_CONTEXT("fresh " << length)
            BOOST_TEST(splice(std::string_view{fresh}.substr(0, length), stored, out).error() == errc::column_mismatch);
}

BOOST_AUTO_TEST_SUITE_END()
