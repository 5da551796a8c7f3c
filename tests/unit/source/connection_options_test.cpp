#include "source/postgres/connection_options.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace understudy;

namespace {

std::string value_of(const connection_options& options, std::string_view keyword)
{
    auto count = std::count_if(options.begin(), options.end(), [&](auto& pair) { return pair.first == keyword; });
    if (count != 1) return std::to_string(count) + " values";
    return std::find_if(options.begin(), options.end(), [&](auto& pair) { return pair.first == keyword; })->second;
}

connection_options made(const std::string& connection, connection_kind kind = connection_kind::sql)
{
    return make_connection_options(connection, kind, "our_slot").value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connection_options_made)

BOOST_AUTO_TEST_CASE(the_operators_values_stay)
{
    for (auto connection :
         {"host=db port=5433 user=mirror password=pa\\'ss dbname=shop", "postgresql://mirror:pa'ss@db:5433/shop"}) {
        auto options = made(connection);
        BOOST_TEST(value_of(options, "host") == "db");
        BOOST_TEST(value_of(options, "port") == "5433");
        BOOST_TEST(value_of(options, "user") == "mirror");
        BOOST_TEST(value_of(options, "password") == "pa'ss");
        BOOST_TEST(value_of(options, "dbname") == "shop");
    }
}

BOOST_AUTO_TEST_CASE(our_name_and_encoding_win)
{
    auto options = made("host=db application_name=theirs client_encoding=LATIN1");
    BOOST_TEST(value_of(options, "application_name") == "our_slot");
    BOOST_TEST(value_of(options, "client_encoding") == "UTF8");
}

BOOST_AUTO_TEST_CASE(the_settings_that_print_values_come_after_the_operators_own)
{
    auto own = value_of(made("host=db options='-c TimeZone=Asia/Tokyo -c search_path=x'"), "options");
    BOOST_TEST(own.starts_with("-c TimeZone=Asia/Tokyo -c search_path=x "));
    BOOST_TEST(own.rfind("TimeZone=UTC") > own.find("TimeZone=Asia"));
    auto options = value_of(made("host=db"), "options");
    for (auto setting :
         {"TimeZone=UTC", "DateStyle=ISO", "IntervalStyle=postgres", "extra_float_digits=1", "bytea_output=hex",
          "row_security=off", "jit=off", "statement_timeout=0", "idle_in_transaction_session_timeout=0",
          "idle_session_timeout=0", "search_path=\"$user\",public", "default_transaction_read_only=off",
          "default_transaction_isolation=read\\ committed"})
        BOOST_TEST_CONTEXT(setting) BOOST_TEST(options.find(std::string{"-c "} + setting) != options.npos);
}

BOOST_AUTO_TEST_CASE(only_a_walsender_waits_for_locks_as_long_as_it_takes)
{
    BOOST_TEST(value_of(made("host=db"), "options").ends_with(" -c lock_timeout=2s"));
    BOOST_TEST(value_of(made("host=db", connection_kind::replication), "options").ends_with(" -c lock_timeout=0"));
}

BOOST_AUTO_TEST_CASE(only_a_walsender_asks_for_replication)
{
    BOOST_TEST(value_of(made("host=db", connection_kind::replication), "replication") == "database");
    BOOST_TEST(value_of(made("host=db"), "replication") == "0 values");
}

BOOST_AUTO_TEST_CASE(timeouts_are_ours_unless_the_operator_says_otherwise)
{
    BOOST_TEST(value_of(made("host=db connect_timeout=3"), "connect_timeout") == "3");
    BOOST_TEST(value_of(made("host=db"), "target_session_attrs") == "read-write");
    BOOST_TEST(value_of(made("host=db target_session_attrs=any"), "target_session_attrs") == "any");
}

BOOST_AUTO_TEST_CASE(a_string_that_libpq_cannot_parse_is_refused_without_repeating_it)
{
    for (auto connection : {"host=db password c4n4ry", "postgres://u:c4n4ry@db:x y/z?nonsense=c4n4ry", "c4n4ry=1",
                            "host=db password='c4n4ry"}) {
        auto refused = make_connection_options(connection, connection_kind::sql, "our_slot");
        BOOST_TEST_CONTEXT(connection) {
            BOOST_TEST_REQUIRE(refused.has_error());
            BOOST_TEST(refused.error().code == errc::bad_config);
            BOOST_TEST(refused.error().text.find("c4n4ry") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_host_of_a_list_is_tried_by_itself)
{
    auto shown_value = [](const connection_options& options, std::string_view keyword) {
        auto value = value_of(options, keyword);
        return value == "0 values" ? "" : value;
    };
    auto hosts = [&](const std::string& connection) {
        std::string shown;
        for (const auto& options : one_per_host(made(connection)))
            shown += shown_value(options, "host") + "/" + shown_value(options, "hostaddr") + ":" +
                     shown_value(options, "port") + " ";
        return shown;
    };
    BOOST_TEST(hosts("dbname=shop") == "/: ");
    BOOST_TEST(hosts("host=a port=5433") == "a/:5433 ");
    BOOST_TEST(hosts("host=a,b") == "a/: b/: ");
    BOOST_TEST(hosts("host=a,b,c port=5433") == "a/:5433 b/:5433 c/:5433 ");
    BOOST_TEST(hosts("host=a,b port=1,2") == "a/:1 b/:2 ");
    BOOST_TEST(hosts("host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1,") == "a/10.0.0.1:1 b/10.0.0.2: ");
    BOOST_TEST(hosts("postgresql://a:1,b:2/shop") == "a/:1 b/:2 ");
    BOOST_TEST(hosts("host=a,b port=1,2,3") == "a,b/:1,2,3 ");
}

BOOST_AUTO_TEST_CASE(the_time_for_a_host_is_the_operators)
{
    using namespace std::chrono_literals;
    auto timeout = [](const std::string& connection) { return connect_timeout_of(made(connection)); };
    BOOST_TEST((timeout("host=a") == 10s));
    BOOST_TEST((timeout("host=a connect_timeout=3") == 3s));
    BOOST_TEST((timeout("host=a connect_timeout=1") == 2s));
    BOOST_TEST((timeout("host=a connect_timeout=0") == 10s));
    BOOST_TEST((timeout("host=a connect_timeout=soon") == 10s));
}

BOOST_AUTO_TEST_SUITE_END()
