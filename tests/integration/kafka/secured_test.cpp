#include "made_messages.hpp"
#include "topic_mirror.hpp"

#include "support/certificate.hpp"
#include "support/slow_relay.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

// A broker that asks who comes, and what they may do.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

const std::string user = "understudy";
const std::string password = "right-as-rain";

/// One for all cases: a broker takes seconds to start.
struct secured_broker {
    secured_broker()
        : files{},
          ours{files.path()},
          foreign{files.path(), "foreign"},
          broker{{.properties = {}, .secure = secure_listener{ours.chain, ours.key, {{user, password}}}}},
          topics{broker.bootstrap()}
    {
    }

    temp_directory files;
    certificate ours;
    certificate foreign;
    kafka_broker broker;
    kafka_topics topics;
};

struct secured {
    secured() : at{*instance()} {}

    static std::unique_ptr<secured_broker>& instance()
    {
        static std::unique_ptr<secured_broker> only = std::make_unique<secured_broker>();
        return only;
    }

    /// A table that is followed as our user, with a topic of one row.
    topic_mirror_options table(const std::string& name, const std::string& with_password = password)
    {
        auto secrets = at.files / (name + ".properties");
        write_file(secrets, "sasl.username=" + user + "\nsasl.password=" + with_password + "\n");
        std::filesystem::permissions(secrets, std::filesystem::perms::owner_read);
        auto options = made_table(name);
        options.brokers = at.broker.secure_bootstrap();
        options.source =
            "    properties:\n      security.protocol: SASL_SSL\n      sasl.mechanism: PLAIN\n      ssl.ca.location: " +
            at.ours.chain.string() + "\n    properties_file: " + secrets.string() + "\n";
        auto topic = name + ".public.item";
        at.topics.create(topic, {.config = {{"cleanup.policy", "compact"}}});
        message_maker make{name};
        at.topics.produce(topic, {make.row({.id = 1, .n = 1})});
        return options;
    }

    void allow(const topic_mirror& through, topic_right what) { at.topics.allow(user, through.topic("item"), what); }

    secured_broker& at;
};

/// How check ends, and whether it says so.
bool check_fails_with(topic_mirror& through, const std::string& text)
{
    return through.sidecar().run("check") != 0 && through.logged(text) > 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(secured_brokers, secured)

BOOST_AUTO_TEST_CASE(a_topic_is_followed_by_who_may_read_it_and_see_its_settings)
{
    topic_mirror through{table("allowed")};
    allow(through, topic_right::read);
    allow(through, topic_right::see_settings);
    BOOST_TEST(through.sidecar().run("check") == 0, through.explain());
    through.start();
    BOOST_TEST(wait_for([&] { return through.rows("item") == strings{item(1, 1)}; }), through.explain());
}

// Longer than one question to the cluster waits, and less than the ten seconds of all of them.
BOOST_AUTO_TEST_CASE(a_broker_that_takes_long_to_let_us_in_is_reached_at_the_first_try)
{
    slow_relay slow{at.broker.secure_bootstrap(), 7s};
    auto options = table("let_in_late");
    options.brokers = slow.address();
    topic_mirror through{options};
    allow(through, topic_right::read);
    allow(through, topic_right::see_settings);
    BOOST_TEST(through.sidecar().run("check") == 0, through.explain());
    through.start();
    BOOST_TEST(wait_for([&] { return through.rows("item") == strings{item(1, 1)}; }, 40s), through.explain());
    BOOST_TEST(through.logged("retry_in_ms") == 0u, through.explain());
}

BOOST_AUTO_TEST_CASE(one_that_takes_longer_than_that_is_unreachable)
{
    slow_relay slow{at.broker.secure_bootstrap(), 1min};
    auto options = table("let_in_never");
    options.brokers = slow.address();
    topic_mirror through{options};
    through.start();
    BOOST_TEST(through.comes_to("unreachable", 40s), through.explain());
}

BOOST_AUTO_TEST_CASE(a_longer_wait_can_be_allowed_and_does_not_hold_up_who_stops_it)
{
    slow_relay slow{at.broker.secure_bootstrap(), 5min};
    auto options = table("let_in_later");
    options.brokers = slow.address();
    options.source.replace(options.source.find("      security"), 0,
                           "      socket.connection.setup.timeout.ms: 300000\n");
    topic_mirror through{options};
    through.start();
    BOOST_TEST(wait_for([&] { return through.state() == "connecting"; }), through.explain());
    BOOST_TEST(!wait_for([&] { return through.state() != "connecting"; }, 15s), through.explain());
    auto asked = std::chrono::steady_clock::now();
    through.sidecar().signal(SIGTERM);
    BOOST_TEST((through.sidecar().wait(10s) == 0), through.explain());
    BOOST_TEST((std::chrono::steady_clock::now() - asked < 4s), "the promise is two; a machine may be busy");
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_named_and_shown_nowhere)
{
    topic_mirror through{table("mistyped", "wrong-as-rain")};
    BOOST_TEST(check_fails_with(through, "SASL"), through.explain());
    through.start();
    BOOST_TEST(through.comes_to("authentication_failed", 40s), through.explain());
    BOOST_TEST(through.logged("wrong-as-rain") == 0u);
}

BOOST_AUTO_TEST_CASE(a_certificate_that_nobody_vouches_for_is_named)
{
    auto options = table("unknown_to_us");
    auto ours = at.ours.chain.string();
    options.source.replace(options.source.find(ours), ours.size(), at.foreign.chain.string());
    topic_mirror through{options};
    BOOST_TEST(check_fails_with(through, "certificate"), through.explain());
    through.start();
    BOOST_TEST(through.comes_to("authentication_failed", 40s), through.explain());
}

BOOST_AUTO_TEST_CASE(a_topic_that_may_not_be_seen_is_as_one_that_is_not_there)
{
    topic_mirror through{table("unseen")};
    BOOST_TEST(check_fails_with(through, "no topic unseen.public.item"), through.explain());
}

BOOST_AUTO_TEST_CASE(a_topic_that_may_be_seen_but_not_read_is_named)
{
    topic_mirror through{table("unread")};
    allow(through, topic_right::see);
    allow(through, topic_right::see_settings);
    through.start();
    BOOST_TEST(through.comes_to("permission_denied"), through.explain());
    BOOST_TEST(through.reason_text().find("unread.public.item") != std::string::npos, through.explain());
    allow(through, topic_right::read);
    BOOST_TEST(wait_for([&] { return through.rows("item") == strings{item(1, 1)}; }), through.explain());
}

BOOST_AUTO_TEST_CASE(a_topic_whose_settings_may_not_be_seen_is_named)
{
    topic_mirror through{table("unset")};
    allow(through, topic_right::read);
    BOOST_TEST(check_fails_with(through, "unset.public.item"), through.explain());
    through.start();
    BOOST_TEST(through.comes_to("permission_denied"), through.explain());
    BOOST_TEST(through.reason_text().find("unset.public.item") != std::string::npos, through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
