#include "settings/listen.hpp"

#include "config_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace understudy {

namespace {

std::string parsed(std::string_view text)
{
    auto address = parse_listen(text);
    return address ? to_string(*address) : "refused: " + address.error().text;
}

std::vector<std::string> addresses_of(std::string_view serve)
{
    std::vector<std::string> all;
    for (const auto& address : values_of(with_line(serve)).serve.listen) all.push_back(to_string(address));
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(listening)

BOOST_AUTO_TEST_CASE(addresses_are_read_and_shown_as_they_are_written)
{
    for (std::string text : {"unix:/run/understudy/http.sock", "127.0.0.1:8080", "[::1]:8080", "localhost:1",
                             "0.0.0.0:65535", "[::]:80", "10.1.2.3:8080"})
        BOOST_TEST(parsed(text) == text);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused)
{
    for (std::string text :
         {"8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x", "::1:8080",
          "[127.0.0.1]:80", "db.internal:80", "unix:", "unix:run/http.sock", "[::1]8080"})
        BOOST_TEST(parsed(text).starts_with("refused: "), text);
}

BOOST_AUTO_TEST_CASE(a_socket_path_that_no_socket_can_have_is_refused)
{
    BOOST_TEST(parsed("unix:/" + std::string(106, 'p')) == "unix:/" + std::string(106, 'p'));
    BOOST_TEST(parsed("unix:/" + std::string(107, 'p')).starts_with("refused: "));
}

BOOST_AUTO_TEST_CASE(one_address_or_a_list_may_stand_there)
{
    using list = std::vector<std::string>;
    BOOST_TEST(addresses_of("serve: {listen: 127.0.0.1:80}") == list{"127.0.0.1:80"}, boost::test_tools::per_element());
    BOOST_TEST((addresses_of("serve: {listen: [127.0.0.1:80, \"unix:/s/h\"]}") == list{"127.0.0.1:80", "unix:/s/h"}));
    BOOST_TEST(values_of(minimal_lines).serve.is_on() == false);
}

BOOST_AUTO_TEST_CASE(an_address_that_others_can_reach_needs_an_explicit_word)
{
    for (std::string address : {"0.0.0.0:80", "10.1.2.3:80", "[::]:80", "[2001:db8::1]:80"}) {
        BOOST_TEST(complaints(with_line("serve: {listen: \"" + address + "\"}")).find("anywhere: true") !=
                   std::string::npos);
        BOOST_TEST(addresses_of("serve: {listen: \"" + address + "\", anywhere: true}").size() == 1u);
    }
    for (std::string address : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80", "unix:/s/h"})
        BOOST_TEST(addresses_of("serve: {listen: \"" + address + "\"}").size() == 1u);
}

BOOST_AUTO_TEST_CASE(certificate_and_key_belong_together)
{
    BOOST_TEST(complaints(with_line("serve: {listen: \"127.0.0.1:80\", certificate: /c}")).find("belong together") !=
               std::string::npos);
    BOOST_TEST(complaints(with_line("serve: {listen: \"127.0.0.1:80\", private_key: /k}")).find("belong together") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(keys_without_listen_are_no_use)
{
    BOOST_TEST(complaints(with_line("serve: {max_rows: 5}")).find("nothing is served") != std::string::npos);
    BOOST_TEST(complaints(with_line("serve: {}")) == "loaded");
}

BOOST_AUTO_TEST_CASE(a_bad_address_in_a_list_is_named_by_its_place)
{
    BOOST_TEST(complaints(with_line("serve: {listen: [127.0.0.1:80, nowhere]}")).find("serve.listen[1]") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
