#include "source/kafka/value_bytes.hpp"
#include "source/kafka/value_containers.hpp"
#include "source/kafka/value_geometry.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace understudy;
using namespace understudy::debezium;

namespace {

std::string bytes_of(std::string_view text, byte_encoding encoding)
{
    std::string out;
    auto ec = append_bytes(text, encoding, out);
    return ec ? ec.message() : out;
}

std::string bits_of(std::string_view bytes, std::size_t length)
{
    std::string out;
    auto ec = append_bits(bytes, length, out);
    return ec ? ec.message() : out;
}

std::string element(std::string_view text)
{
    std::string out;
    append_element(text, ',', out);
    return out;
}

/// What `append` makes of a JSON value, or the name of its error.
template <class Append>
std::string of_json(std::string_view json, Append append)
{
    json_tape tape;
    std::string out;
    if (tape.read(json)) return "no JSON";
    auto ec = append(tape.root(), out);
    return ec ? ec.message() : out;
}

std::string shape(std::string_view wkb, std::string_view rest = "")
{
    return R"({"wkb":")" + std::string{wkb} + "\",\"srid\":null" + std::string{rest} + "}";
}

// From the captures: (0,0) to (1,1), and what else the type table holds.
constexpr std::string_view segment_wkb = "AQIAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAA8D8=";
constexpr std::string_view box_wkb =
    "AQMAAAABAAAABQAAAAAAAAAAAPA/AAAAAAAA8D8AAAAAAADwPwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8D8AAAAAAADw"
    "PwAAAAAAAPA/";
constexpr std::string_view path_wkb = "AQIAAAADAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAA8D8AAAAAAAAAQAAAAAAAAAAA";

}  // namespace

BOOST_AUTO_TEST_SUITE(value_bytes)

BOOST_AUTO_TEST_CASE(bytes_come_back_from_each_encoding)
{
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
    for (auto encoding : {byte_encoding::base64, byte_encoding::base64_url, byte_encoding::hex})
        for (std::size_t length = 0; length <= bytes.size(); ++length) {
            auto part = bytes.substr(bytes.size() - length);
            BOOST_TEST(bytes_of(encoded(part, encoding), encoding) == part);
        }
    BOOST_TEST(encoded("__debezium_unavailable_value", byte_encoding::base64) ==
               "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==");
    BOOST_TEST(bytes_of("AP8", byte_encoding::base64_url) == std::string("\0\xFF", 2));
}

BOOST_AUTO_TEST_CASE(what_is_no_encoding_of_bytes_is_bad_text)
{
    for (auto text : {"A", "AP8=x", "A===", "AP9=", "A_8=", "AP 8", "AP8=\n", "=", "====", "AB=C"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(bytes_of(text, byte_encoding::base64) == "bad_text");
    BOOST_TEST(bytes_of("A/8=", byte_encoding::base64_url) == "bad_text");
    for (auto text : {"0", "0g", "0X", "AB"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(bytes_of(text, byte_encoding::hex) == "bad_text");
}

BOOST_AUTO_TEST_CASE(bits_are_sent_lowest_first)
{
    BOOST_TEST(bits_of("\xAA", 8) == "10101010");
    BOOST_TEST(bits_of("\x15", 8) == "00010101");
    BOOST_TEST(bits_of("", 3) == "000");
    BOOST_TEST(bits_of("\x01\x80", 16) == "1000000000000001");
    BOOST_TEST(bits_of("\x08", 3) == "bad_text");
    std::string out;
    append_significant_bits("\x15", out);
    BOOST_TEST(out == "10101");
}

BOOST_AUTO_TEST_CASE(elements_are_quoted_where_array_out_quotes_them)
{
    BOOST_TEST(element("a") == "a");
    BOOST_TEST(element("") == "\"\"");
    BOOST_TEST(element("null") == "\"null\"");
    BOOST_TEST(element("NULLS") == "NULLS");
    BOOST_TEST(element("b,c") == "\"b,c\"");
    BOOST_TEST(element("a b") == "\"a b\"");
    BOOST_TEST(element("{\"a\": \\}") == R"("{\"a\": \\}")");
}

BOOST_AUTO_TEST_CASE(hstore_pairs_come_in_the_order_of_hstore)
{
    BOOST_TEST(of_json(R"({"bb":"1","a":null,"c":"\"\\"})", append_hstore) == R"("a"=>NULL, "c"=>"\"\\", "bb"=>"1")");
    BOOST_TEST(of_json("{}", append_hstore) == "");
    BOOST_TEST(of_json(R"({"a":"1","a":"2"})", append_hstore) == "bad_text");
    BOOST_TEST(of_json(R"({"a":1})", append_hstore) == "bad_text");
}

BOOST_AUTO_TEST_CASE(shapes_are_put_together_from_their_points)
{
    BOOST_TEST(of_json(R"({"x":1.5,"y":2.0,"wkb":"","srid":null})", append_point) == "(1.5,2)");
    BOOST_TEST(of_json(R"({"a":1.0,"b":-0.0,"c":1.0E20})", append_line) == "{1,-0,1e+20}");
    BOOST_TEST(of_json(R"({"center":{"x":"NaN","y":0},"radius":"Infinity"})", append_circle) == "<(NaN,0),Infinity>");
    BOOST_TEST(of_json(shape(segment_wkb), append_segment) == "[(0,0),(1,1)]");
    BOOST_TEST(of_json(shape(box_wkb), append_box) == "(1,1),(0,0)");
    BOOST_TEST(of_json(shape(path_wkb, R"(,"extensions":{"closed":"true"})"), append_path) == "((0,0),(1,1),(2,0))");
    BOOST_TEST(of_json(shape(path_wkb, R"(,"extensions":{"closed":"false"})"), append_path) == "[(0,0),(1,1),(2,0)]");
    BOOST_TEST(of_json(shape(box_wkb), append_polygon) == "((1,1),(1,0),(0,0),(0,1))");
}

BOOST_AUTO_TEST_CASE(what_is_no_shape_is_bad_text)
{
    BOOST_TEST(of_json(R"({"x":1.5})", append_point) == "bad_text");
    BOOST_TEST(of_json(R"({"x":1.5,"y":null})", append_point) == "bad_text");
    BOOST_TEST(of_json("[1,2]", append_point) == "bad_text");
    BOOST_TEST(of_json(shape(path_wkb), append_path) == "bad_text");
    BOOST_TEST(of_json(shape(path_wkb), append_segment) == "bad_text");
    BOOST_TEST(of_json(shape(segment_wkb), append_polygon) == "bad_text");
    for (std::size_t length = 0; length < box_wkb.size(); ++length)
        BOOST_TEST(of_json(shape(box_wkb.substr(0, length)), append_box) == "bad_text");
}

BOOST_AUTO_TEST_SUITE_END()
