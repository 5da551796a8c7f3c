#include "integration/reads/question.hpp"
#include "integration/reads/reads_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>

namespace understudy::testing {

namespace {

std::uint32_t seed()
{
    const auto* given = std::getenv("READS_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::stoul(given)) : 20261126;
}

/// Whether both answer alike. Of what both refuse the reasons may differ.
std::string difference(served_mirror& mirror, http_client& client, const question& asked)
{
    auto reply = client.get(asked.target);
    std::string wanted;
    try {
        wanted = mirror.sql().scalar(asked.sql);
    } catch (const std::exception& refused) {
        return reply.status == 400 ? "" : "only Postgres refuses it: " + std::string{refused.what()};
    }
    if (reply.status != 200) return "only understudy refuses it: " + reply.body;
    if (reply.body == wanted) return "";
    auto place = static_cast<std::size_t>(
        std::mismatch(wanted.begin(), wanted.end(), reply.body.begin(), reply.body.end()).first - wanted.begin());
    auto from = place < 150 ? 0 : place - 150;
    return "at byte " + std::to_string(place) +
           "\nunderstudy: " + reply.body.substr(std::min(from, reply.body.size()), 400) +
           "\nPostgres:   " + wanted.substr(from, 400);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(corpus)

BOOST_AUTO_TEST_CASE(every_question_is_answered_as_postgres_answers_it)
{
    served_mirror mirror{things_schema, {"public.things"}};
    mirror.start();
    mirror.settle();
    auto client = mirror.connect();
    BOOST_TEST_MESSAGE("READS_SEED=" << seed());
    questioner ask{seed()};
    int wrong = 0;
    for (int round = 0; round < 4000 && wrong < 10; ++round) {
        auto asked = ask.next();
        auto found = difference(mirror, client, asked);
        if (found.empty()) continue;
        ++wrong;
        BOOST_ERROR("seed " << seed() << ", question " << round << ": " << asked.target << "\n"
                            << asked.sql << "\n"
                            << found);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
