#include "store/filesystem.hpp"

#include "store/directory_lock.hpp"
#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <fstream>
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace understudy;
using namespace understudy::store_kit;

BOOST_AUTO_TEST_SUITE(filesystem)

BOOST_AUTO_TEST_CASE(a_missing_directory_is_made_for_us_alone_with_its_parents)
{
    scratch_directory scratch;
    auto wanted = scratch.path() / "a" / "b";
    require(prepare_directory(wanted, true));
    for (const auto& made : {wanted, scratch.path() / "a"}) {
        struct stat found{};
        BOOST_TEST_REQUIRE(::stat(made.c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 07777) == 0700u);
    }
}

BOOST_AUTO_TEST_CASE(a_directory_that_others_can_write_to_is_refused)
{
    scratch_directory scratch;
    for (mode_t mode : {0770u, 0707u, 0777u, 0720u}) {
        ::chmod(scratch.path().c_str(), mode);
        auto prepared = prepare_directory(scratch.path(), true);
        BOOST_TEST_REQUIRE(prepared.has_error());
        BOOST_TEST(prepared.error().code == errc::bad_directory);
    }
    ::chmod(scratch.path().c_str(), 0750);
    require(prepare_directory(scratch.path(), true));
}

BOOST_AUTO_TEST_CASE(a_directory_of_somebody_else_is_refused)
{
    if (::geteuid() != 0) {
        BOOST_TEST_MESSAGE("SKIPPED: only root can give a directory away");
        return;
    }
    scratch_directory scratch;
    BOOST_TEST_REQUIRE(::chown(scratch.path().c_str(), 12345, 0) == 0);
    auto prepared = prepare_directory(scratch.path(), true);
    BOOST_TEST_REQUIRE(prepared.has_error());
    BOOST_TEST(prepared.error().code == errc::bad_directory);
}

BOOST_AUTO_TEST_CASE(a_file_in_place_of_the_directory_is_refused)
{
    scratch_directory scratch;
    std::ofstream{scratch.path() / "file"} << "x";
    auto prepared = prepare_directory(scratch.path() / "file", true);
    BOOST_TEST_REQUIRE(prepared.has_error());
    BOOST_TEST(prepared.error().code == errc::bad_directory);
}

BOOST_AUTO_TEST_CASE(filesystems_that_lose_promises_are_known)
{
    for (std::uint64_t type : {0x9123683Eull, 0x2FC12FC1ull, 0x6969ull, 0xFF534D42ull, 0xFE534D42ull, 0x65735546ull})
        BOOST_TEST(!unfit_filesystem(type).empty());
    for (std::uint64_t type : {std::uint64_t{EXT4_SUPER_MAGIC}, std::uint64_t{XFS_SUPER_MAGIC},
                               std::uint64_t{TMPFS_MAGIC}, std::uint64_t{OVERLAYFS_SUPER_MAGIC}})
        BOOST_TEST(unfit_filesystem(type).empty());
}

BOOST_AUTO_TEST_CASE(a_reserved_file_has_no_holes)
{
    scratch_directory scratch;
    auto file = open_file(scratch.path() / "f", O_RDWR | O_CREAT);
    require(file);
    require(reserve(file->get(), "f", 1 << 20));
    struct stat found{};
    BOOST_TEST_REQUIRE(::fstat(file->get(), &found) == 0);
    BOOST_TEST(found.st_size == 1 << 20);
    BOOST_TEST(found.st_blocks * 512 >= 1 << 20);
}

BOOST_AUTO_TEST_CASE(a_lock_names_its_holder_and_ends_with_its_owner)
{
    scratch_directory scratch;
    {
        auto held = directory_lock::take(scratch.path());
        require(held);
        auto second = directory_lock::take(scratch.path());
        BOOST_TEST_REQUIRE(second.has_error());
        BOOST_TEST(second.error().code == errc::store_busy);
        BOOST_TEST(second.error().text.find(std::to_string(::getpid())) != std::string::npos);
    }
    require(directory_lock::take(scratch.path()));
}

BOOST_AUTO_TEST_SUITE_END()
