#include "flow/flow_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sys/resource.h>

// A store that is damaged, taken, or somebody else's.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::streamoff page_bytes = 4096;

/// Overwrites the head of each page behind the two meta pages.
void damage(const fs::path& file)
{
    auto size = static_cast<std::streamoff>(fs::file_size(file));
    std::fstream pages{file, std::ios::in | std::ios::out | std::ios::binary};
    for (auto page = 2 * page_bytes; page < size; page += page_bytes) pages.seekp(page).write("damaged!damaged!", 16);
    BOOST_REQUIRE(pages.flush().good());
}

/// Whether anything below the mirror's own directories is named after its damage.
bool kept_aside(const mirror& sidecar)
{
    fs::recursive_directory_iterator entries{sidecar.state_directory()};
    return std::any_of(begin(entries), end(entries), [](const auto& entry) {
        return entry.path().filename().string().find("damaged") != std::string::npos;
    });
}

/// Makes the rows that hold `text` as a JSON string unreadable, wherever the file has them.
std::size_t damage_rows(const fs::path& file, const std::string& text)
{
    auto fragment = '"' + text + '"';
    auto bytes = read_file(file);
    std::fstream store{file, std::ios::in | std::ios::out | std::ios::binary};
    std::size_t found = 0;
    for (auto at = bytes.find(fragment); at != bytes.npos; at = bytes.find(fragment, at + 1), ++found)
        store.seekp(static_cast<std::streamoff>(at) - 1).put('\x7f');  // the fragment's size: longer than the row
    BOOST_REQUIRE(store.flush().good());
    return found;
}

/// Two programs with one config in everything but the database.
void share_directories(mirror& second, const mirror& first)
{
    second.set_environment("UNDERSTUDY_STATE__DIRECTORY", first.state_directory());
    second.set_environment("UNDERSTUDY_SNAPSHOT__DIRECTORY", first.snapshot_directory());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_trouble)

BOOST_AUTO_TEST_CASE(a_damaged_store_is_kept_aside_and_copied_anew)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto generation = sidecar.generation();
    auto position = sidecar.position();
    damage(sidecar.state_directory() / "data.mdb");
    server.exec("DELETE FROM public.items WHERE id < 50");
    sidecar.start_following();
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
    BOOST_TEST(sidecar.logged("store_damaged") > 0u, sidecar.log());
    BOOST_TEST(kept_aside(sidecar), sidecar.log());
    BOOST_TEST(sidecar.generation() > generation);
    BOOST_TEST(sidecar.position() > position);
}

BOOST_AUTO_TEST_CASE(a_store_that_a_publish_cannot_read_is_kept_aside_and_copied_anew)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(damage_rows(sidecar.state_directory() / "data.mdb", "item 7") > 0u);
    server.exec("UPDATE public.items SET note = 'changed' WHERE id = 100");
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.logged("store_damaged") > 0u, sidecar.log());
    BOOST_TEST(kept_aside(sidecar), sidecar.log());
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_mapped_is_opened_again)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto copies = sidecar.copies();
    // One small transaction at a time, each awaited: the heap stays as large as the first ones made it.
    auto insert_and_wait = [&] {
        auto before = server.flushed();
        server.exec("INSERT INTO public.events SELECT now(), n || repeat('x', 500) FROM generate_series(1, 1000) n");
        BOOST_TEST_REQUIRE(wait_for([&] { return server.confirmed() > before || sidecar.logged("store_lost") > 0; }),
                           sidecar.log());
    };
    for (int part = 0; part < 3; ++part) insert_and_wait();
    rlimit space{};
    BOOST_REQUIRE(::prlimit(sidecar.pid(), RLIMIT_AS, nullptr, &space) == 0);
    auto whole = space;
    std::ifstream statm{"/proc/" + std::to_string(sidecar.pid()) + "/statm"};
    rlim_t pages = 0;
    statm >> pages;
    // Less than a step of the store's growth.
    space.rlim_cur = pages * 4096 + (rlim_t{14} << 20);
    BOOST_REQUIRE(::prlimit(sidecar.pid(), RLIMIT_AS, &space, nullptr) == 0);
    for (int part = 0; part < 200 && sidecar.logged("store_lost") == 0; ++part) insert_and_wait();
    BOOST_TEST(sidecar.logged("store_lost") > 0u, sidecar.log());
    BOOST_REQUIRE(::prlimit(sidecar.pid(), RLIMIT_AS, &whole, nullptr) == 0);
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() == copies, sidecar.log());
    BOOST_TEST(!kept_aside(sidecar), sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_second_daemon_on_the_same_directories_says_so_and_leaves)
{
    filled_server server;
    mirror first{server};
    mirror second{server};
    first.start_following();
    share_directories(second, first);
    BOOST_TEST(second.run("run") == 4, second.log());
    BOOST_TEST(second.logged("store_busy") > 0u, second.log());
    BOOST_TEST(first.running());
    server.exec("DELETE FROM public.items WHERE id < 50");
    BOOST_TEST(lasting_difference(server, first) == "", first.log());
}

BOOST_AUTO_TEST_CASE(a_state_directory_of_another_slot_is_refused)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    sidecar.set_environment("UNDERSTUDY_SOURCE__POSTGRES__SLOT", "another");
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.logged("store_foreign") > 0u, sidecar.log());
    BOOST_TEST(server.scalar("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'another'") == "0");
}

BOOST_AUTO_TEST_CASE(a_state_directory_of_another_database_is_refused)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto generation = sidecar.generation();
    server.exec("SELECT pg_drop_replication_slot('understudy')");
    server.exec("CREATE DATABASE other");
    sql_session other{server.connection_string("postgres", "other")};
    workload::create_tables(other);
    sidecar.set_environment("UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", server.connection_string("postgres", "other"));
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.logged("store_foreign") > 0u, sidecar.log());
    BOOST_TEST(sidecar.generation() == generation);
}

BOOST_AUTO_TEST_CASE(another_cluster_with_a_lower_position_is_published_as_soon_as_it_is_copied)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    for (int segment = 0; segment < 20; ++segment)
        server.exec("UPDATE public.items SET note = 'here' WHERE id = 1; SELECT pg_switch_wal()");
    BOOST_REQUIRE(lasting_difference(server, sidecar) == "");
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto generation = sidecar.generation();
    auto position = sidecar.position();
    filled_server another{{.version = 14}};
    another.exec("UPDATE public.items SET note = 'there' WHERE id = 1");
    BOOST_REQUIRE(another.flushed() < position);
    fs::remove_all(sidecar.state_directory());
    sidecar.set_environment("UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", another.connection_string());
    sidecar.start_following();
    BOOST_TEST(lasting_difference(another, sidecar) == "", sidecar.log());
    BOOST_TEST(sidecar.generation() > generation);
    BOOST_TEST(sidecar.position() < position);
}

BOOST_AUTO_TEST_CASE(another_cluster_behind_the_address_is_refused)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto generation = sidecar.generation();
    // Another major version's template: certainly a system identifier of its own.
    filled_server another{{.version = 14}};
    sidecar.set_environment("UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", another.connection_string());
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.logged("wrong_system") > 0u, sidecar.log());
    BOOST_TEST(sidecar.generation() == generation);
    BOOST_TEST(another.scalar("SELECT count(*) FROM pg_replication_slots") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
