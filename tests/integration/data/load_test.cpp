#include "integration/data/bank.hpp"
#include "integration/data/generation_reader.hpp"
#include "integration/data/mirror.hpp"
#include "integration/data/seed.hpp"
#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <tuple>
#include <vector>

using namespace understudy::testing;

namespace {

constexpr std::size_t writers = 3;

/// Writers of both kinds over one mirror, and a reader of each generation.
struct loaded_mirror {
    explicit loaded_mirror(int version = 15) : source{{.version = version}}
    {
        create_bank(source.session());
        workload::create_tables(source.session());
        source.start();
        reader =
            std::make_unique<generation_reader>(source.sidecar().snapshot_directory(), broken_promises_of_the_bank);
        write();
    }

    void write()
    {
        for (std::size_t writer = 0; writer < writers; ++writer) {
            tellers.push_back(std::make_unique<bank_teller>(source.connection(), ++seed));
            mixed.push_back(
                std::make_unique<workload>(workload_options{.connection = source.connection(), .seed = ++seed}));
        }
    }

    /// Returns how many transactions were committed in all.
    std::uint64_t stop_writing()
    {
        std::uint64_t committed = 0;
        for (auto& teller : tellers) committed += teller->stop();
        for (auto& load : mixed) committed += load->stop().committed;
        tellers.clear();
        mixed.clear();
        return committed;
    }

    void wait_for_generations(std::uint64_t more)
    {
        auto wanted = reader->generations() + more;
        BOOST_TEST(wait_for([&] { return reader->generations() >= wanted; }), source.sidecar().log());
    }

    /// Nobody writes any more: what is published at last is what the database holds.
    void check_the_end()
    {
        BOOST_TEST(stop_writing() > 0U);
        BOOST_TEST(source.differences() == "");
        auto report = reader->stop();
        BOOST_TEST(report.failures == "");
        BOOST_TEST(report.generations > 1U);
    }

    std::uint64_t seed = test_seed();
    mirror source;
    std::unique_ptr<generation_reader> reader;
    std::vector<std::unique_ptr<bank_teller>> tellers;
    std::vector<std::unique_ptr<workload>> mixed;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(under_load)

BOOST_AUTO_TEST_CASE(each_cut_at_a_consistent_point_equals_the_database_there)
{
    loaded_mirror loaded;
    for (int cut = 0; cut < 10; ++cut) {
        BOOST_TEST_CONTEXT("cut " << cut) BOOST_TEST(loaded.source.differences_at_a_cut() == "");
        loaded.wait_for_generations(1);
    }
    loaded.check_the_end();
}

BOOST_AUTO_TEST_CASE(cuts_right_after_a_restart_equal_the_database_there)
{
    loaded_mirror loaded;
    for (int run = 0; run < 4; ++run) {
        loaded.wait_for_generations(2);
        if (run % 2 == 0)
            loaded.source.kill();
        else
            loaded.source.stop();
        loaded.source.launch();
        loaded.wait_for_generations(1);
        BOOST_TEST_CONTEXT("run " << run) BOOST_TEST(loaded.source.differences_at_a_cut() == "");
    }
    loaded.check_the_end();
}

BOOST_AUTO_TEST_CASE(a_copy_made_under_load_goes_on_without_a_gap_or_a_repeat)
{
    loaded_mirror loaded;
    for (int run = 0; run < 3; ++run) {
        loaded.wait_for_generations(1);
        loaded.source.stop();
        std::filesystem::remove_all(loaded.source.sidecar().state_directory());
        std::filesystem::create_directory(loaded.source.sidecar().state_directory());
        loaded.source.launch();
        loaded.wait_for_generations(2);
        BOOST_TEST_CONTEXT("run " << run) BOOST_TEST(loaded.source.differences_at_a_cut() == "");
    }
    loaded.check_the_end();
}

BOOST_AUTO_TEST_CASE(verify_against_the_database_finds_no_difference_while_others_write)
{
    loaded_mirror loaded;
    for (int run = 0; run < 3; ++run) {
        loaded.wait_for_generations(1);
        // The load truncates a table now and then. While that table is locked or copied again, the answer is 3.
        auto [status, output] = loaded.source.run_beside("verify", {"--against-db"});
        for (int tries = 1; status == 3 && tries < 20; ++tries) {
            loaded.wait_for_generations(1);
            std::tie(status, output) = loaded.source.run_beside("verify", {"--against-db"});
        }
        BOOST_TEST(status == 0, output);
    }
    loaded.check_the_end();
}

BOOST_AUTO_TEST_SUITE_END()
