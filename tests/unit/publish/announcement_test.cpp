#include "publish_fixture.hpp"

using namespace understudy;

namespace {

struct announcement_fixture : publish_fixture {
    announcement_fixture() : directory{open()}
    {
        for (std::uint64_t number : {1u, 2u, 3u}) require(write(directory, number));
    }

    fs::path current() const { return settings.directory / "current"; }

    snapshot_directory directory;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(announcement_test, announcement_fixture)

BOOST_AUTO_TEST_CASE(current_is_a_relative_symlink_to_the_announced_generation)
{
    require_failure(read_current(settings.directory), errc::no_generation);
    require(announce(directory, 1));
    BOOST_TEST(fs::read_symlink(current()).string() == "generations/0000000001");
    require(announce(directory, 3));
    BOOST_TEST(fs::read_symlink(current()).string() == "generations/0000000003");
    BOOST_TEST(*read_current(settings.directory) == 3u);
}

BOOST_AUTO_TEST_CASE(a_lower_generation_is_refused_and_the_same_is_not)
{
    require(announce(directory, 2));
    require_failure(announce(directory, 1), errc::internal);
    BOOST_TEST(*read_current(settings.directory) == 2u);
    require(announce(directory, 2));
}

BOOST_AUTO_TEST_CASE(a_generation_that_is_not_there_is_refused)
{
    require(announce(directory, 2));
    require_failure(announce(directory, 9), errc::no_generation);
    BOOST_TEST(*read_current(settings.directory) == 2u);
}

BOOST_AUTO_TEST_CASE(a_current_that_somebody_bent_reads_as_none_and_is_mended)
{
    auto bend = [&](const char* target) { fs::create_symlink(target, current()); };
    for (auto target : {"generations/0000009999", "/etc", "generations/../..", "generations/1", "x"})
        BOOST_TEST_CONTEXT("target " << target) {
            fs::remove(current());
            bend(target);
            require_failure(read_current(settings.directory), errc::no_generation);
            require(announce(directory, 2));
            BOOST_TEST(*read_current(settings.directory) == 2u);
        }
}

BOOST_AUTO_TEST_CASE(a_current_that_was_deleted_or_is_a_file_is_mended)
{
    require(announce(directory, 2));
    fs::remove(current());
    require(announce(directory, 2));
    BOOST_TEST(*read_current(settings.directory) == 2u);
    fs::remove(current());
    spill(current(), "a file");
    require_failure(read_current(settings.directory), errc::no_generation);
    require(announce(directory, 2));
    BOOST_TEST(*read_current(settings.directory) == 2u);
}

BOOST_AUTO_TEST_CASE(a_current_that_is_a_directory_is_an_error_with_the_remedy)
{
    fs::create_directory(current());
    auto announced = announce(directory, 1);
    require_failure(announced, errc::storage_failed);
    BOOST_TEST(announced.error().text.find("move") != std::string::npos);
    fs::remove(current());
    require(announce(directory, 1));
}

BOOST_AUTO_TEST_CASE(a_reader_without_a_directory_learns_that_there_is_none)
{
    require_failure(read_current(parent.path() / "missing"), errc::no_generation);
}

BOOST_AUTO_TEST_SUITE_END()
