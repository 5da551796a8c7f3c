#include "support/sidecar_process.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

BOOST_AUTO_TEST_SUITE(sidecar_processes)

BOOST_AUTO_TEST_CASE(the_program_accepts_the_config_that_is_written_for_it)
{
    sidecar_process sidecar{{.connection = "host=/tmp dbname=a\"b user=c\\d", .tables = {"public.materials"}}};
    BOOST_TEST(sidecar.run("config") == 0, sidecar.log());
    BOOST_TEST(sidecar.log().find(sidecar.snapshot_directory().string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_that_does_not_exist_is_a_config_error)
{
    sidecar_process sidecar{{.connection = "host=/tmp", .tables = {"public.materials"}, .more = "nonsense: 1\n"}};
    BOOST_TEST(sidecar.run("config") == 2, sidecar.log());
}

BOOST_AUTO_TEST_SUITE_END()
