#include "flow/flow_kit.hpp"
#include "flow/mounted_disk.hpp"
#include "support/cut_short.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

// Full, read-only, vanished and exchanged directories, under a database that never notices.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

/// Half a megabyte of new rows, in an instant for a database that is not held up.
void write_rows(const filled_server& server)
{
    server.exec(
        "INSERT INTO public.events SELECT now(), 'row ' || n || repeat('x', 100) FROM generate_series(1, 5000) n");
}

bool copied_once(const mirror& sidecar)
{
    return sidecar.copies() == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(disks)

BOOST_AUTO_TEST_CASE(a_full_snapshot_disk_keeps_the_last_generation_and_is_recovered_from)
{
    filled_server server;
    mirror sidecar{server};
    mounted_disk disk{mounted_disk::kind::tmpfs, sidecar.snapshot_directory(), 64 * mib};
    sidecar.start_following();
    disk.fill();
    auto generation = sidecar.generation();
    auto confirmed = server.confirmed();
    write_rows(server);
    BOOST_TEST(wait_for([&] { return sidecar.logged("reason=disk_full") > 0; }), sidecar.log());
    BOOST_TEST(sidecar.generation() == generation);
    BOOST_CHECK_NO_THROW(read_document(sidecar.current("snapshot.json")));
    // What cannot be published is durable all the same, and the database need not keep it.
    BOOST_TEST(wait_for([&] { return server.confirmed() > confirmed; }), sidecar.log());
    disk.make_room();
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(copied_once(sidecar), sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_full_state_disk_keeps_the_last_generation_and_is_recovered_from)
{
    filled_server server;
    mirror sidecar{server};
    mounted_disk disk{mounted_disk::kind::ext4, sidecar.state_directory(), 96 * mib};
    fs::permissions(sidecar.state_directory(), fs::perms{0700});
    sidecar.start_following();
    disk.fill();
    auto generation = sidecar.generation();
    // More than what the store has reserved.
    server.exec("INSERT INTO public.events SELECT now(), n || repeat('x', 500) FROM generate_series(1, 120000) n");
    auto committed = server.flushed();
    BOOST_TEST(wait_for([&] { return sidecar.logged("disk_full") > 0; }, 60s), sidecar.log());
    BOOST_TEST(sidecar.running());
    BOOST_TEST(sidecar.generation() >= generation);
    BOOST_CHECK_NO_THROW(read_document(sidecar.current("snapshot.json")));
    BOOST_TEST(server.confirmed() < committed, "confirmed what could not be stored");
    server.exec("DELETE FROM public.events");
    disk.make_room();
    BOOST_TEST(lasting_difference(server, sidecar, 90s) == "", sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_store_that_grew_shrinks_again_while_it_is_followed)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto bytes = [&] { return fs::file_size(sidecar.state_directory() / "data.mdb"); };
    server.exec(
        "INSERT INTO public.items (id, name, note) SELECT n, 'large', repeat('x', 900) FROM generate_series(1001, 90000) n");
    BOOST_TEST(wait_for([&] { return bytes() > 80 * mib; }, 60s), bytes() << " bytes\n" << sidecar.log());
    server.exec("DELETE FROM public.items WHERE id > 1000");
    BOOST_TEST(wait_for([&] { return bytes() < 64 * mib; }, 60s), bytes() << " bytes\n" << sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(copied_once(sidecar), sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_deleted_snapshot_directory_is_made_again)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto generation = sidecar.generation();
    fs::remove_all(sidecar.snapshot_directory());
    write_rows(server);
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.generation() > generation);
}

BOOST_AUTO_TEST_CASE(a_snapshot_directory_exchanged_for_an_empty_one_is_filled_again)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto generation = sidecar.generation();
    auto aside = sidecar.snapshot_directory().string() + ".aside";
    fs::rename(sidecar.snapshot_directory(), aside);
    fs::create_directory(sidecar.snapshot_directory());
    write_rows(server);
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.generation() > generation);
}

BOOST_AUTO_TEST_CASE(a_removed_link_to_the_current_generation_is_back_with_the_next_one)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    fs::remove(sidecar.snapshot_directory() / "current");
    write_rows(server);
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_generation_file_deleted_by_the_application_is_back_with_the_next_one)
{
    filled_server server;
    // Without a heartbeat nobody looks at the file meanwhile.
    mirror sidecar{server, "cadence:\n  min_interval: 50ms\ncommit:\n  max_delay: 50ms\nstatus:\n  heartbeat: 1h\n"};
    sidecar.start();
    BOOST_REQUIRE(wait_for([&] { return fs::exists(sidecar.current("snapshot.json")); }, 60s));
    fs::remove(sidecar.current("snapshot.json"));
    BOOST_TEST(sidecar.run_beside("verify") == 1, sidecar.log());
    write_rows(server);
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
    BOOST_TEST(sidecar.run_beside("verify") == 0, sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_document_that_was_cut_is_written_again_though_nothing_changes)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto generation = sidecar.generation();
    cut_short(sidecar.current("snapshot.json"), 100);
    BOOST_TEST(wait_for([&] { return sidecar.generation() > generation; }), sidecar.log());
    BOOST_TEST(sidecar.run_beside("verify") == 0, sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_generation_that_cannot_be_announced_does_not_stay)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto current = sidecar.snapshot_directory() / "current";
    auto generations = [&] {
        fs::directory_iterator all{sidecar.snapshot_directory() / "generations"};
        return std::distance(fs::begin(all), fs::end(all));
    };
    fs::remove(current);
    fs::create_directory(current);  // a rename does not replace it
    write_rows(server);
    BOOST_TEST_REQUIRE(wait_for([&] { return sidecar.logged("not_published") >= 3; }), sidecar.log());
    // One before, and what is being tried at the moment.
    BOOST_TEST(generations() <= 4);
    fs::remove(current);
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
}

BOOST_AUTO_TEST_SUITE_END()
