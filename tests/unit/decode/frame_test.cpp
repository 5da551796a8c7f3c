#include "decode/pgoutput.hpp"

#include "support/pgoutput_builder.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
namespace build = pgoutput_builder;
using bytes = build::bytes;

BOOST_AUTO_TEST_SUITE(replication_frames)

BOOST_AUTO_TEST_CASE(wal_data_carries_its_payload_untouched)
{
    auto copy_data = build::wal_data(lsn{1}, lsn{2}, 3, "payload");
    auto decoded = std::get<pgoutput::wal_data>(pgoutput::decode_frame(copy_data).value());
    BOOST_TEST(decoded.start == lsn{1});
    BOOST_TEST(decoded.wal_end == lsn{2});
    BOOST_TEST(decoded.sent_us == 3);
    BOOST_TEST(decoded.payload == "payload");
}

BOOST_AUTO_TEST_CASE(wal_data_cut_inside_its_header_is_truncated)
{
    auto whole = build::wal_data(lsn{1}, lsn{2}, 3, "");
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(pgoutput::decode_frame(whole.substr(0, length)).error() == errc::truncated_message);
    BOOST_TEST(pgoutput::decode_frame(whole).has_value());
}

BOOST_AUTO_TEST_CASE(keepalive_carries_position_and_whether_a_reply_is_wanted)
{
    for (bool wanted : {false, true}) {
        auto frame = pgoutput::decode_frame(build::keepalive(lsn{0xffffffff00000000}, -1, wanted)).value();
        auto decoded = std::get<pgoutput::keepalive>(frame);
        BOOST_TEST(decoded.wal_end == lsn{0xffffffff00000000});
        BOOST_TEST(decoded.sent_us == -1);
        BOOST_TEST(decoded.reply_requested == wanted);
    }
}

BOOST_AUTO_TEST_CASE(keepalive_of_any_other_length_is_an_error)
{
    auto whole = build::keepalive(lsn{1}, 2, true);
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(pgoutput::decode_frame(whole.substr(0, length)).error() == errc::truncated_message);
    BOOST_TEST(pgoutput::decode_frame(whole + 'x').error() == errc::trailing_bytes);
}

BOOST_AUTO_TEST_CASE(frames_with_unknown_bytes_are_errors)
{
    BOOST_TEST(pgoutput::decode_frame(bytes{}.byte('k').u64(1).u64(2).u8(2).take()).error() == errc::unknown_message);
    BOOST_TEST(pgoutput::decode_frame("x").error() == errc::unknown_message);
}

BOOST_AUTO_TEST_CASE(status_update_is_as_the_protocol_page_says)
{
    auto expected = bytes{}.byte('r').u64(0x30).u64(0x20).u64(0x10).u64(0xffffffffffffffff).u8(1).take();
    BOOST_TEST(pgoutput::encode({lsn{0x30}, lsn{0x20}, lsn{0x10}, -1, true}) == expected);
    BOOST_TEST(pgoutput::encode({}) == bytes{}.byte('r').u64(0).u64(0).u64(0).u64(0).u8(0).take());
}

BOOST_AUTO_TEST_SUITE_END()
