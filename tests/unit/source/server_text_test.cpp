#include "core/limits.hpp"
#include "source/postgres/connection.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

using namespace understudy;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(server_text)

BOOST_AUTO_TEST_CASE(each_sqlstate_that_we_tell_apart_has_its_reason)
{
    using row = std::pair<const char*, errc>;
    for (const auto& [state, reason] : std::vector<row>{{"57P01", errc::server_stopping},
                                                        {"57P02", errc::server_stopping},
                                                        {"57P03", errc::server_starting},
                                                        {"53300", errc::too_many_connections},
                                                        {"42501", errc::permission_denied},
                                                        {"55P03", errc::table_locked},
                                                        {"55006", errc::slot_busy},
                                                        {"28000", errc::authentication_failed},
                                                        {"28P01", errc::authentication_failed},
                                                        {"08006", errc::connection_lost},
                                                        {"08P01", errc::connection_lost},
                                                        {"57014", errc::query_failed},
                                                        {"42P01", errc::query_failed},
                                                        {"53100", errc::query_failed},
                                                        {"XX000", errc::query_failed},
                                                        {"", errc::query_failed}})
        BOOST_TEST_CONTEXT(state) BOOST_TEST(reason_for_sqlstate(state) == reason);
}

BOOST_AUTO_TEST_CASE(text_of_a_peer_becomes_one_line_without_control_characters)
{
    BOOST_TEST(presentable("FATAL:  no\n\tsuch role\r\n") == "FATAL:  no such role");
    BOOST_TEST(presentable("\x1b[31mred\x7f") == "[31mred");
    BOOST_TEST(presentable("a\0b"s) == "a b");
    BOOST_TEST(presentable("\n \n") == "");
    BOOST_TEST(presentable("") == "");
    BOOST_TEST(presentable("Größe") == "Größe");
}

BOOST_AUTO_TEST_CASE(text_of_a_peer_is_bounded)
{
    std::string endless(limits::peer_text_bytes_max * 3, 'x');
    BOOST_TEST(presentable(endless).size() == limits::peer_text_bytes_max);
}

BOOST_AUTO_TEST_CASE(text_of_a_peer_is_not_cut_inside_a_character)
{
    for (std::size_t before : {0u, 1u, 2u, 3u}) {
        std::string text(limits::peer_text_bytes_max - before, 'x');
        auto shown = presentable(text + "€ and more");
        BOOST_TEST_CONTEXT("bytes before the cut " << before) BOOST_TEST((shown == text || shown == text + "€"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
