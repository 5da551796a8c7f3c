#include "failing_calls.hpp"
#include "full_status.hpp"
#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"
#include "publish/status_file.hpp"

#include <cerrno>
#include <csignal>

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace understudy;

namespace {

/// A filesystem of this size while it lives.
class tiny_disk {
public:
    tiny_disk(const fs::path& at, const char* size) : at_{at}
    {
        fs::create_directories(at_);
        mounted_ = ::mount("none", at_.c_str(), "tmpfs", 0, size) == 0;
    }
    tiny_disk(const tiny_disk&) = delete;
    tiny_disk& operator=(const tiny_disk&) = delete;
    ~tiny_disk()
    {
        if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
    }
    bool mounted() const noexcept { return mounted_; }
    bool read_only() const { return ::mount("none", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

private:
    fs::path at_;
    bool mounted_ = false;
};

bool can_mount(const tiny_disk& disk)
{
    if (!disk.mounted()) BOOST_TEST_MESSAGE("SKIPPED: this needs the right to mount a tmpfs (run as root)");
    BOOST_TEST((disk.mounted() || ::geteuid() != 0 || errno == EPERM));
    return disk.mounted();
}

struct failure_fixture : publish_fixture {
    void fill(std::size_t bytes)
    {
        for (std::size_t i = 0; i < bytes; i += 1000)
            rows.add_row(materials, {std::to_string(1000 + i), '"' + std::string(1000, 'f') + '"'});
    }
    std::vector<std::string> generations() const { return names_under(settings.directory / "generations"); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(write_failure_test, failure_fixture)

BOOST_AUTO_TEST_CASE(everything_is_durable_before_it_gets_its_name_and_the_name_before_it_is_announced)
{
    auto directory = open();
    failing_calls recording{0, 0};
    require(write(directory, 1));
    auto file = std::string{"write fchmod fsync close "};
    BOOST_TEST(recording.calls() == "mkdirat " + file + file + "fchmod fsync renameat2 fsync close");
    failing_calls announcing{0, 0};
    require(announce(directory, 1));
    BOOST_TEST(announcing.calls() == "symlinkat renameat fsync");
}

BOOST_AUTO_TEST_CASE(whichever_call_fails_nothing_is_left_and_the_next_try_succeeds)
{
    fill(9u << 20);
    auto directory = open();
    require(write(directory, 1));
    require(announce(directory, 1));
    auto before = slurp(generation(1) / "manifest.json");
    std::uint64_t number = 2;
    for (int error : {EIO, ENOSPC})
        for (int nth = 1;; ++nth) {
            failing_calls failing{nth, error};
            auto made = write(directory, number);
            auto failed = failing.failed();
            BOOST_TEST_CONTEXT("call " << nth << ", " << failed) {
                if (failed.empty()) {
                    require(made);
                    BOOST_TEST(nth > 12);
                    ++number;
                    break;
                }
                // A descriptor that was only read cannot lose anything by its close.
                if (failed != "close" || !made) {
                    require_failure(made, error == ENOSPC ? errc::disk_full : errc::storage_failed);
                    BOOST_TEST(generations().size() == number - 1);
                    require(write(directory, number));
                }
                BOOST_TEST(!failing.synced_again());
                BOOST_TEST(verify_generation(generation(number), check_depth::quick).good());
                fs::remove_all(generation(number));
            }
        }
    BOOST_TEST(slurp(generation(1) / "manifest.json") == before);
    BOOST_TEST(*read_current(settings.directory) == 1u);
}

BOOST_AUTO_TEST_CASE(whichever_call_of_an_announcement_fails_one_generation_is_announced)
{
    auto directory = open();
    require(write(directory, 1));
    require(write(directory, 2));
    require(announce(directory, 1));
    for (int nth = 1;; ++nth) {
        failing_calls failing{nth, EIO};
        auto announced = announce(directory, 2);
        auto failed = failing.failed();
        auto current = read_current(settings.directory);
        require(current);
        BOOST_TEST((*current == 1u || *current == 2u));
        BOOST_TEST(names_under(settings.directory).size() == 3u);
        if (failed.empty()) {
            require(announced);
            BOOST_TEST(nth > 3);
            break;
        }
        require_failure(announced, errc::storage_failed);
    }
    BOOST_TEST(*read_current(settings.directory) == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_said_and_recovers_by_itself)
{
    tiny_disk disk{settings.directory, "size=2m"};
    if (!can_mount(disk)) return;
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    require(announce(directory, 1));
    fill(3u << 20);
    auto failed = write(directory, 2, &*first);
    require_failure(failed, errc::disk_full);
    BOOST_TEST(failed.error().text.find("free space") != std::string::npos);
    BOOST_TEST(generations().size() == 1u);
    BOOST_TEST(verify_generation(generation(1), check_depth::full).good());
    rows.clear(materials);
    require(write(directory, 2, &*first));
}

BOOST_AUTO_TEST_CASE(the_reserve_of_the_disk_is_not_touched)
{
    auto directory = [&] {
        settings.reserve_bytes = ~std::uint64_t{0};
        return open();
    }();
    require_failure(write(directory, 1), errc::disk_full);
    BOOST_TEST(generations().empty());
}

BOOST_AUTO_TEST_CASE(a_file_size_limit_is_a_full_disk)
{
    auto directory = open();
    fill(2u << 20);
    struct rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    auto limited = before;
    limited.rlim_cur = 1u << 20;
    auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limited);
    auto made = write(directory, 1);
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    require_failure(made, errc::disk_full);
    BOOST_TEST(generations().empty());
}

BOOST_AUTO_TEST_CASE(a_disk_that_turns_read_only_keeps_the_last_generation)
{
    auto directory = open();
    require(write(directory, 1));
    require(announce(directory, 1));
    {
        failing_calls failing{1, EROFS};
        auto failed = write(directory, 2);
        require_failure(failed, errc::storage_failed);
        BOOST_TEST(failed.error().text.find("read-write") != std::string::npos);
    }
    BOOST_TEST(verify_generation(generation(1), check_depth::full).good());
    BOOST_TEST(*read_current(settings.directory) == 1u);
    require(write(directory, 2));
}

BOOST_AUTO_TEST_CASE(whichever_call_of_a_status_fails_the_former_status_stays)
{
    auto directory = open();
    require(write_status(directory, full_status()));
    for (int nth = 1;; ++nth) {
        failing_calls failing{nth, EIO};
        auto written = write_status(directory, {});
        auto failed = failing.failed();
        if (failed.empty()) break;
        require_failure(written, errc::storage_failed);
        auto read = read_status(settings.directory);
        require(read);
        BOOST_TEST((*read == full_status()), failed);
        BOOST_TEST(names_under(settings.directory).size() == 3u);
    }
    BOOST_TEST((*read_status(settings.directory) == status_report{}));
}

BOOST_AUTO_TEST_CASE(a_read_only_disk_is_refused_at_start_with_the_remedy)
{
    tiny_disk disk{settings.directory, "size=2m"};
    if (!can_mount(disk)) return;
    BOOST_TEST_REQUIRE(disk.read_only());
    auto opened = snapshot_directory::open(settings);
    require_failure(opened, errc::bad_directory);
    BOOST_TEST(opened.error().text.find("read-write") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_unmounted_is_noticed)
{
    auto directory = [&] {
        tiny_disk disk{settings.directory, "size=2m"};
        if (!can_mount(disk)) return std::optional<snapshot_directory>{};
        return std::optional{open()};
    }();
    if (!directory) return;
    require(write(*directory, 1));
    BOOST_TEST(verify_generation(generation(1), check_depth::full).good());
}

BOOST_AUTO_TEST_SUITE_END()
