#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/mount.h>
#include <unistd.h>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

/// A small filesystem of its own, or none where we may not mount.
class small_disk {
public:
    enum class kind { tmpfs, ext4 };

    explicit small_disk(kind wanted, unsigned mebibytes = 96)
    {
        std::filesystem::create_directory(path());
        auto options = fmt::format("size={}m,mode=0700", mebibytes);
        mounted_ = wanted == kind::tmpfs ? ::mount("none", path().c_str(), "tmpfs", 0, options.c_str()) == 0
                                         : mount_image(mebibytes);
        if (!mounted_) BOOST_TEST_MESSAGE("SKIPPED: cannot mount a small filesystem here");
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    ~small_disk()
    {
        if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
    }

    explicit operator bool() const noexcept { return mounted_; }
    std::filesystem::path path() const { return scratch_.path() / "disk"; }

    /// Takes every byte that is left.
    void fill() const
    {
        auto file = ::open((path() / "ballast").c_str(), O_WRONLY | O_CREAT, 0600);
        for (std::size_t step = 1 << 20; step >= 512; step /= 2) {
            std::string zeros(step, 'z');
            while (::write(file, zeros.data(), step) == static_cast<ssize_t>(step)) {
            }
        }
        ::fsync(file);
        ::close(file);
    }

    void make_room() const { std::filesystem::remove(path() / "ballast"); }

private:
    bool mount_image(unsigned mebibytes) const
    {
        auto image = scratch_.path() / "image";
        std::ofstream{image}.close();
        std::filesystem::resize_file(image, std::uintmax_t{mebibytes} << 20);
        auto command = fmt::format("mkfs.ext4 -q -m 0 {0} >/dev/null 2>&1 && mount -o loop {0} {1} >/dev/null 2>&1",
                                   image.native(), path().native());
        return std::system(command.c_str()) == 0;
    }

    scratch_directory scratch_;
    bool mounted_ = false;
};

change_batch rows_from(epoch rows, int first, int count)
{
    change_batch batch;
    std::string body(1000, 'b');
    for (int row = first; row < first + count; ++row)
        batch.put(rows, fmt::format("{:08}", row), tuple({std::to_string(row), body}));
    return batch;
}

void check_full_disk(small_disk::kind kind)
{
    small_disk disk{kind};
    if (!disk) return;
    store_options options{.directory = disk.path() / "state", .any_filesystem = false};
    auto opened = store::open(options);
    require(opened);
    auto rows = add_table(**opened);
    require((*opened)->commit_group(rows_from(rows, 0, 2000), position_at(100)));
    disk.fill();

    // What is reserved goes on working.
    for (std::uint64_t round = 2; round < 60; ++round)
        require((*opened)->commit_group(rows_from(rows, static_cast<int>(round) * 20, 20), position_at(round * 100)));

    // What does not fit fails, and changes nothing.
    auto large = rows_from(rows, 10'000, 30'000);
    auto failed = (*opened)->commit_group(large, position_at(9000));
    BOOST_TEST_REQUIRE(failed.has_error());
    BOOST_TEST(failed.error().code == errc::disk_full);
    BOOST_TEST(rows_of(**opened, rows).size() == 2000u);
    require((*opened)->commit_group(rows_from(rows, 0, 1), position_at(9100)));

    // It opens on the full disk too.
    opened->reset();
    opened = store::open(options);
    require(opened);
    BOOST_TEST(((*opened)->state().position == position_at(9100)));
    require((*opened)->commit_group(rows_from(rows, 0, 1), position_at(9200)));

    disk.make_room();
    require((*opened)->commit_group(large, position_at(9300)));
    BOOST_TEST(rows_of(**opened, rows).size() == 32'000u);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(full_disk)

BOOST_AUTO_TEST_CASE(on_tmpfs_a_full_disk_is_an_error_and_nothing_is_lost)
{
    check_full_disk(small_disk::kind::tmpfs);
}

BOOST_AUTO_TEST_CASE(on_ext4_a_full_disk_is_an_error_and_nothing_is_lost)
{
    check_full_disk(small_disk::kind::ext4);
}

BOOST_AUTO_TEST_CASE(copies_that_fill_the_disk_do_not_add_up)
{
    small_disk disk{small_disk::kind::ext4};
    if (!disk) return;
    store_options options{.directory = disk.path() / "state", .any_filesystem = false};
    auto opened = store::open(options);
    require(opened);
    auto rows = add_table(**opened);
    require((*opened)->commit_group(rows_from(rows, 0, 2000), position_at(100)));
    auto live = (*opened)->size().live_bytes;
    std::vector<int> reached;
    for (int copy = 0; copy < 4; ++copy) {
        auto fresh = (*opened)->create_epoch();
        require(fresh);
        outcome<void> loaded;
        int first = 0;
        for (; loaded; first += 1000) loaded = (*opened)->load(*fresh, rows_from(*fresh, first, 1000));
        BOOST_TEST((loaded.error().code == errc::disk_full));
        reached.push_back(first);
        require((*opened)->drop_unnamed());
        BOOST_TEST((*opened)->size().live_bytes < live + (2u << 20), "copy " << copy);
    }
    BOOST_TEST(reached.back() >= reached.front() / 2,
               "the last copy came to " << reached.back() << " of " << reached.front());
    require((*opened)->commit_group(rows_from(rows, 0, 100), position_at(200)));
}

BOOST_AUTO_TEST_CASE(without_room_for_a_copy_the_file_stays_as_it_is)
{
    small_disk disk{small_disk::kind::ext4, 160};
    if (!disk) return;
    store_options options{.directory = disk.path() / "state", .any_filesystem = false};
    auto opened = store::open(options);
    require(opened);
    auto rows = add_table(**opened);
    for (int group = 0; (*opened)->size().file_bytes <= 64u << 20; ++group)
        require((*opened)->commit_group(rows_from(rows, group * 2000, 2000), position_at(100)));
    change_batch batch;
    batch.clear_table(rows);
    require((*opened)->commit_group(batch, position_at(200)));
    disk.fill();
    auto before = (*opened)->size().file_bytes;
    require((*opened)->compact_if_worthwhile());
    BOOST_TEST((*opened)->size().file_bytes == before);
    disk.make_room();
    require((*opened)->compact_if_worthwhile());
    BOOST_TEST((*opened)->size().file_bytes == before, "it was tried at this size already");
    opened->reset();
    opened = store::open(options);
    require((*opened)->compact_if_worthwhile());
    BOOST_TEST((*opened)->size().file_bytes < before);
}

BOOST_AUTO_TEST_CASE(a_store_that_finds_no_room_at_all_leaves_nothing_behind)
{
    small_disk disk{small_disk::kind::tmpfs};
    if (!disk) return;
    disk.fill();
    store_options options{.directory = disk.path() / "state", .any_filesystem = false};
    auto opened = store::open(options);
    BOOST_TEST_REQUIRE(opened.has_error());
    BOOST_TEST(opened.error().code == errc::disk_full);
    disk.make_room();
    require(store::open(options));
}

BOOST_AUTO_TEST_SUITE_END()
