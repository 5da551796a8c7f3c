#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"

#include <sys/wait.h>
#include <unistd.h>

using namespace understudy;

BOOST_FIXTURE_TEST_SUITE(snapshot_directory_test, publish_fixture)

BOOST_AUTO_TEST_CASE(missing_directories_are_made_with_search_permission_for_readers)
{
    settings.directory = parent.path() / "a" / "b";
    open();
    BOOST_TEST((facts_of(settings.directory).st_mode & 07777) == 0750u);
    BOOST_TEST((facts_of(settings.directory / "generations").st_mode & 07777) == 0750u);
}

BOOST_AUTO_TEST_CASE(the_directory_can_be_reached_by_a_symlink_and_generations_cannot)
{
    fs::create_directory(parent.path() / "real");
    fs::create_directory_symlink(parent.path() / "real", settings.directory);
    {
        auto directory = open();
        require(write(directory, 1));
        BOOST_TEST(fs::exists(parent.path() / "real" / "generations" / "0000000001"));
    }
    fs::rename(parent.path() / "real" / "generations", parent.path() / "elsewhere");
    fs::create_directory_symlink(parent.path() / "elsewhere", parent.path() / "real" / "generations");
    require_failure(snapshot_directory::open(settings), errc::bad_directory);
}

BOOST_AUTO_TEST_CASE(leftovers_of_a_crash_are_removed_at_start_and_nothing_else)
{
    {
        auto directory = open();
        require(write(directory, 1));
    }
    auto generations = settings.directory / "generations";
    fs::create_directory(generations / ".tmp-0123456789abcdef");
    spill(generations / ".tmp-0123456789abcdef" / "snapshot.json", "{");
    spill(settings.directory / ".tmp-00000000000000ff", "x");
    fs::create_symlink("generations/0000000009", settings.directory / ".tmp-0000000000000001");
    spill(settings.directory / "notes.txt", "an operator's");
    open();
    BOOST_TEST(names_under(generations) == std::vector<std::string>{"0000000001"}, boost::test_tools::per_element());
    BOOST_TEST(names_under(settings.directory) == (std::vector<std::string>{".lock", "generations", "notes.txt"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_symlink_among_the_leftovers_is_not_followed)
{
    open();
    fs::create_directory(parent.path() / "precious");
    spill(parent.path() / "precious" / "file", "x");
    fs::create_directory_symlink(parent.path() / "precious", settings.directory / "generations" / ".tmp-planted");
    open();
    BOOST_TEST(fs::exists(parent.path() / "precious" / "file"));
}

BOOST_AUTO_TEST_CASE(a_second_daemon_is_refused_as_long_as_the_first_lives)
{
    {
        auto first = open();
        auto second = snapshot_directory::open(settings);
        require_failure(second, errc::store_busy);
        BOOST_TEST(second.error().text.find(settings.directory.string()) != std::string::npos);
    }
    open();
}

BOOST_AUTO_TEST_CASE(a_file_in_place_of_a_directory_is_refused_with_the_remedy)
{
    spill(settings.directory, "a file");
    require_failure(snapshot_directory::open(settings), errc::bad_directory);
}

BOOST_AUTO_TEST_CASE(a_directory_in_place_of_current_is_refused_with_the_remedy)
{
    fs::create_directories(settings.directory / "current");
    auto opened = snapshot_directory::open(settings);
    require_failure(opened, errc::bad_directory);
    BOOST_TEST(opened.error().text.find("move it away") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_owner_or_group_is_named)
{
    settings.owner = "no-such-user";
    require_failure(snapshot_directory::open(settings), errc::bad_config);
    settings.owner.clear();
    settings.group = "no-such-group";
    require_failure(snapshot_directory::open(settings), errc::bad_config);
}

BOOST_AUTO_TEST_CASE(files_belong_to_the_configured_owner)
{
    if (::geteuid() != 0) {
        BOOST_TEST_MESSAGE("SKIPPED: only root can give files away");
        return;
    }
    settings.owner = "nobody";
    settings.group = "65534";
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    require(write(directory, 2, &*first));
    for (const auto& path : {generation(1), generation(1) / "manifest.json", generation(2) / "snapshot.json"}) {
        BOOST_TEST(facts_of(path).st_uid == 65534u);
        BOOST_TEST(facts_of(path).st_gid == 65534u);
    }
    BOOST_TEST(facts_of(generation(2) / "snapshot.json").st_nlink == 2u);
}

BOOST_AUTO_TEST_CASE(a_directory_that_we_may_not_write_is_refused_with_the_remedy)
{
    auto child = ::fork();
    if (child == 0) {
        // As another user, because root may write everywhere. Nothing may throw in the child: it would run on.
        fs::permissions(parent.path(), fs::perms::owner_read | fs::perms::owner_exec);
        if (::geteuid() == 0 && (::setegid(65534) != 0 || ::seteuid(65534) != 0)) ::_exit(3);
        auto opened = snapshot_directory::open(settings);
        auto refused = !opened && opened.error().code == errc::bad_directory &&
                       opened.error().text.find("permission") != std::string::npos;
        ::_exit(refused ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(a_deleted_directory_is_made_again_with_a_whole_generation)
{
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    require(announce(directory, 1));
    fs::remove_all(settings.directory);
    auto second = write(directory, 2, &*first, {1, {materials, orders}});
    require(second);
    require(announce(directory, 2));
    BOOST_TEST(second->documents[0].generation == 2u);
    BOOST_TEST(verify_generation(settings.directory / "current", check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(a_replaced_directory_is_the_one_that_is_written)
{
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    fs::rename(settings.directory, parent.path() / "moved");
    fs::create_directory(settings.directory);
    require(write(directory, 2, &*first));
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
    BOOST_TEST(!fs::exists(parent.path() / "moved" / "generations" / "0000000002"));
}

BOOST_AUTO_TEST_CASE(deleted_generations_or_a_deleted_lock_are_made_again)
{
    auto directory = open();
    for (const char* name : {"generations", ".lock"}) {
        fs::remove_all(settings.directory / name);
        auto present = directory.ensure();
        require(present);
        BOOST_TEST((*present == snapshot_directory::presence::made_again));
        present = directory.ensure();
        require(present);
        BOOST_TEST((*present == snapshot_directory::presence::same));
        require_failure(snapshot_directory::open(settings), errc::store_busy);
    }
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_made_again_is_said_and_a_later_try_succeeds)
{
    auto directory = open();
    fs::remove_all(settings.directory);
    spill(settings.directory, "in the way");
    require_failure(write(directory, 1), errc::bad_directory);
    fs::remove(settings.directory);
    require(write(directory, 1));
}

BOOST_AUTO_TEST_CASE(generation_names_are_read_only_as_they_are_written)
{
    for (std::uint64_t number : {1ull, 812ull, 9'999'999'999ull, 10'000'000'000ull, ~0ull})
        BOOST_TEST(generation_number(generation_name(number)) == number);
    for (auto bad : {"", "1", "000000001", "00000000001", "-000000001", "0000000001x", "0000000000", " 000000001",
                     "99999999999999999999999"})
        BOOST_TEST(generation_number(bad) == 0u, bad);
}

BOOST_AUTO_TEST_CASE(generations_are_listed_in_order_of_their_numbers)
{
    auto directory = open();
    for (std::uint64_t number : {3u, 1u, 2u}) require(write(directory, number));
    spill(settings.directory / "generations" / "README", "x");
    auto listed = directory.generations();
    require(listed);
    BOOST_TEST(*listed == (std::vector<std::uint64_t>{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
