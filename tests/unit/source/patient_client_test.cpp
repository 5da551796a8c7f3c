#include "source/kafka/patient_client.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace understudy {

namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds timeout_with(const std::string& value)
{
    kafka_settings wanted;
    wanted.properties["socket.connection.setup.timeout.ms"] = value;
    return kafka::sign_in_timeout_of(wanted);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(patient_clients)

// What they do is seen where a broker is slow: test_kafka, secured_brokers.
BOOST_AUTO_TEST_CASE(a_broker_may_take_as_long_as_the_property_says)
{
    BOOST_TEST((timeout_with("25000") == 25s));
    BOOST_TEST((timeout_with("1500") == 1500ms));
}

BOOST_AUTO_TEST_CASE(without_a_number_that_librdkafka_takes_it_is_ten_seconds)
{
    BOOST_TEST((kafka::sign_in_timeout_of({}) == 10s));
    for (const auto* value : {"", "0", "-1", "10s", "soon", "99999999999999999999"})
        BOOST_TEST((timeout_with(value) == 10s), value);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
