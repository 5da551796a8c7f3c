#include "app/logging.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace understudy {

namespace {

/// Collects what is written to stderr while it lives.
class captured_stderr {
public:
    captured_stderr() : file_{std::tmpfile()}, saved_{::dup(STDERR_FILENO)} { ::dup2(::fileno(file_), STDERR_FILENO); }
    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;
    ~captured_stderr()
    {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        std::fclose(file_);
    }

    std::string text() const
    {
        std::fflush(stderr);
        std::array<char, 8192> buffer{};
        auto size = ::pread(::fileno(file_), buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(size)};
    }

private:
    std::FILE* file_;
    int saved_;
};

std::string logged(const log_settings& how, log_level level)
{
    captured_stderr captured;
    configure_logging(how);
    log_event(level, "slot_missing", "The slot is gone.", {{"slot", "u"}, {"pid", 7}});
    return captured.text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(logging)

BOOST_AUTO_TEST_CASE(a_text_event_is_one_line_for_people)
{
    BOOST_TEST(text_event("published", "Generation 7 is announced.", {}) == "published: Generation 7 is announced.");
    BOOST_TEST(text_event("published", "Done.", {{"rows", 5}, {"late", true}, {"file", "a b"}, {"size", 7u}}) ==
               "published: Done. (rows=5 late=true file=\"a b\" size=7)");
    BOOST_TEST(text_event("e", "s", {{"empty", ""}}) == "e: s (empty=\"\")");
}

BOOST_AUTO_TEST_CASE(a_json_event_has_typed_fields)
{
    BOOST_TEST(json_event("published", "Done.", {{"rows", 5}, {"late", true}, {"file", "a\"b"}}) ==
               R"("event":"published","message":"Done.","rows":5,"late":true,"file":"a\"b")");
}

BOOST_AUTO_TEST_CASE(text_from_a_peer_cannot_make_a_line_of_its_own)
{
    auto evil = "x\n2026-01-01T00:00:00.000Z error forged: y\x1b[2J";
    for (const auto& line : {text_event("e", evil, {{"peer", evil}}), json_event("e", evil, {{"peer", evil}})}) {
        BOOST_TEST(line.find('\n') == line.npos);
        BOOST_TEST(line.find('\x1b') == line.npos);
    }
    BOOST_TEST(text_event("e", "s", {{"peer", "a forged=1"}}) == "e: s (peer=\"a forged=1\")");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut)
{
    BOOST_TEST(text_event("e", std::string(100'000, 'x'), {{"peer", std::string(100'000, 'y')}}).size() < 2200u);
}

BOOST_AUTO_TEST_CASE(a_json_line_has_time_and_level)
{
    auto line = logged({.level = "info", .format = "json"}, log_level::warn);
    BOOST_REQUIRE(line.ends_with("\n"));
    auto event = boost::json::parse(line).as_object();
    BOOST_TEST(event.at("level").as_string() == "warn");
    BOOST_TEST(event.at("event").as_string() == "slot_missing");
    BOOST_TEST(event.at("pid").as_int64() == 7);
    std::string time{event.at("time").as_string()};
    BOOST_TEST(time.size() == std::string{"2026-01-01T00:00:00.000Z"}.size());
    BOOST_TEST(time.ends_with("Z"));
}

BOOST_AUTO_TEST_CASE(a_text_line_has_time_and_level_and_no_colour_in_a_file)
{
    auto line = logged({.level = "info", .format = "text"}, log_level::error);
    BOOST_TEST(line.find("Z error slot_missing: The slot is gone. (slot=u pid=7)\n") == 24u - 1u);
    BOOST_TEST(line.find('\x1b') == line.npos);
}

BOOST_AUTO_TEST_CASE(level_and_format_change_live)
{
    BOOST_TEST(logged({.level = "warn", .format = "text"}, log_level::info).empty());
    BOOST_TEST(logged({.level = "debug", .format = "json"}, log_level::debug).starts_with("{"));
    BOOST_TEST(!logged({.level = "trace", .format = "text"}, log_level::trace).starts_with("{"));
    BOOST_TEST(logged({.level = "error", .format = "text"}, log_level::warn).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
