#include "flow/flow_kit.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <functional>
#include <optional>

// Continuity that cannot be proved. The old generation stays, a whole new copy replaces it.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

const auto versions = data::make({15, 18});

const std::string missed = "INSERT INTO public.items (id, name) SELECT n, 'missed' FROM generate_series(9001, 9100) n;"
                           "DELETE FROM public.items WHERE id < 20";

/// Follows, stops, lets `trouble` happen, and starts again: what was announced stays readable until the new copy is.
void check_rebuilt(filled_server& server, mirror& sidecar, const std::function<void()>& trouble,
                   const std::string& reason)
{
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto generation = sidecar.generation();
    auto old = read_file(sidecar.current("snapshot.json"));
    trouble();
    auto expected = read_now(server.connection_string(), mirrored_tables());

    sidecar.start();
    bool torn = false;
    auto replaced = [&] {
        auto now = read_file(sidecar.current("snapshot.json"));
        torn =
            torn || (now != old && !difference(expected, read_document(sidecar.current("snapshot.json")).rows).empty());
        return now != old;
    };
    BOOST_TEST(wait_for(replaced, 60s), sidecar.log());
    BOOST_TEST(!torn, "something between the old and the new copy was announced");
    BOOST_TEST(sidecar.generation() > generation);
    BOOST_TEST(sidecar.copies() == 2u, sidecar.log());
    BOOST_TEST(sidecar.logged("reason=" + reason) > 0u, sidecar.log());

    server.exec("UPDATE public.items SET note = 'after' WHERE id % 2 = 0");
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

/// A copy of a data directory as a snapshot of its volume is: system identifier, timeline and slots are the same.
class volume_copy {
public:
    /// The server has to be stopped.
    explicit volume_copy(const postgres_server& server) : server_{server}, directory_{server_user()}
    {
        copy(server.data_directory(), directory_ / "data");
    }

    void restore() const
    {
        std::filesystem::remove_all(server_.data_directory());
        copy(directory_ / "data", server_.data_directory());
    }

private:
    static void copy(const std::filesystem::path& from, const std::filesystem::path& to)
    {
        run_program({.command = {"/bin/cp", "-a", from, to}, .run_as = server_user()});
    }

    const postgres_server& server_;
    temp_directory directory_;
};

/// Many small transactions of one kind, so that two histories have their commits at the same places.
void write_history(const filled_server& server, const std::string& name, int transactions)
{
    sql_session session{server.connection_string()};
    for (int n = 0; n < transactions; ++n)
        session.exec("INSERT INTO public.items (id, name) VALUES (" + std::to_string(7000 + n) + ", '" + name + "')");
}

/// A server whose volume was copied behind the sidecar's first copy. It runs again, the sidecar does not.
struct restorable {
    explicit restorable(int version) : server{{.version = version}}, sidecar{server}
    {
        sidecar.start_following();
        stop();
        earlier.emplace(server);
        server.start();
    }

    /// Both of them. Returns the position that was announced.
    lsn stop()
    {
        BOOST_REQUIRE(sidecar.stop() == 0);
        BOOST_REQUIRE(server.stop());
        return sidecar.position();
    }

    /// Of a stopped server, which runs again then.
    void restore()
    {
        earlier->restore();
        server.start();
    }

    filled_server server;
    mirror sidecar;
    std::optional<volume_copy> earlier;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(slot_trouble)

BOOST_AUTO_TEST_CASE(a_slot_dropped_while_we_were_down_means_a_new_copy)
{
    filled_server server;
    mirror sidecar{server};
    check_rebuilt(
        server, sidecar,
        [&] {
            server.exec("SELECT pg_drop_replication_slot('understudy')");
            server.exec(missed);
        },
        "slot_missing");
}

BOOST_DATA_TEST_CASE(a_slot_dropped_and_made_again_means_a_new_copy, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server};
    check_rebuilt(
        server, sidecar,
        [&] {
            server.exec(missed);
            server.exec("SELECT pg_drop_replication_slot('understudy')");
            server.exec("SELECT pg_create_logical_replication_slot('understudy', 'pgoutput')");
        },
        "slot_ahead");
}

BOOST_DATA_TEST_CASE(an_advanced_slot_means_a_new_copy, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server};
    check_rebuilt(
        server, sidecar,
        [&] {
            server.exec(missed);
            server.exec("SELECT pg_replication_slot_advance('understudy', pg_current_wal_flush_lsn())");
        },
        "slot_ahead");
}

BOOST_DATA_TEST_CASE(a_slot_invalidated_for_its_wal_means_a_new_copy, versions, version)
{
    filled_server server{{.version = version, .settings = {{"max_slot_wal_keep_size", "1MB"}}}};
    server.exec("CREATE TABLE public.other (text text)");
    mirror sidecar{server};
    check_rebuilt(
        server, sidecar,
        [&] {
            server.exec(missed);
            for (int segment = 0; segment < 4; ++segment) {
                server.exec("INSERT INTO public.other VALUES ('x')");
                server.exec("SELECT pg_switch_wal()");
            }
            server.exec("CHECKPOINT");
            BOOST_REQUIRE(server.scalar("SELECT wal_status FROM pg_replication_slots") == "lost");
        },
        "slot_lost");
}

BOOST_AUTO_TEST_CASE(a_second_understudy_on_the_same_slot_copies_nothing)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    mirror second{server};
    second.start();
    BOOST_TEST_REQUIRE(wait_for([&] { return second.logged("reason=slot_busy") >= 2; }), second.log());
    BOOST_TEST(second.copies() == 0u, second.log());
    BOOST_TEST(second.stop() == 0, second.log());
    server.exec("UPDATE public.items SET note = 'after' WHERE id % 2 = 0");
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

BOOST_AUTO_TEST_CASE(while_the_slot_is_in_use_nothing_is_written)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    mirror twin{server};  // has the same rows, and cannot follow
    std::filesystem::copy_file(sidecar.state_directory() / "data.mdb", twin.state_directory() / "data.mdb");
    sidecar.start_following();
    twin.start();
    BOOST_TEST_REQUIRE(wait_for([&] { return twin.logged("reason=slot_busy") >= 2; }), twin.log());
    BOOST_TEST(twin.logged("not_published") == 0u, twin.log());
    BOOST_TEST(twin.copies() == 0u, twin.log());
    BOOST_TEST(twin.stop() == 0, twin.log());
}

BOOST_AUTO_TEST_CASE(a_slot_of_another_plugin_is_left_alone)
{
    filled_server server;
    server.exec("SELECT pg_create_logical_replication_slot('understudy', 'test_decoding')");
    auto before = server.scalar("SELECT s::text FROM pg_replication_slots s");
    mirror sidecar{server};
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.logged("slot_mismatch") > 0u, sidecar.log());
    BOOST_TEST(server.scalar("SELECT s::text FROM pg_replication_slots s") == before);
}

BOOST_DATA_TEST_CASE(a_publication_dropped_and_made_again_while_we_were_down_means_a_new_copy, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server};
    check_rebuilt(
        server, sidecar,
        [&] {
            server.exec("DROP PUBLICATION understudy");
            server.exec(missed);
            server.exec("CREATE PUBLICATION understudy FOR TABLE public.items, public.events");
        },
        "publication_changed");
}

BOOST_DATA_TEST_CASE(a_publication_dropped_and_made_again_while_we_follow_loses_nothing, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server};
    sidecar.start_following();
    server.exec("DROP PUBLICATION understudy");
    server.exec(missed);
    server.exec("CREATE PUBLICATION understudy FOR TABLE public.items, public.events");
    server.exec("UPDATE public.items SET note = 'after' WHERE id % 2 = 0");
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() > 1u, sidecar.log());
}

BOOST_DATA_TEST_CASE(a_table_taken_out_of_the_publication_and_put_back_means_a_new_copy, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server};
    check_rebuilt(
        server, sidecar,
        [&] {
            server.exec("ALTER PUBLICATION understudy DROP TABLE public.items");
            server.exec(missed);
            server.exec("ALTER PUBLICATION understudy ADD TABLE public.items");
        },
        "table_changed");
}

BOOST_DATA_TEST_CASE(a_table_taken_out_and_put_back_while_we_follow_loses_nothing, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server};
    sidecar.start_following();
    server.exec("ALTER PUBLICATION understudy DROP TABLE public.items");
    server.exec(missed);
    server.exec("ALTER PUBLICATION understudy ADD TABLE public.items");
    server.exec("UPDATE public.items SET note = 'after' WHERE id % 2 = 0");
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_volume_restored_to_before_our_position_is_copied_anew)
{
    restorable both{15};
    auto& server = both.server;
    auto& sidecar = both.sidecar;
    sidecar.start_following();
    write_history(server, "lost", 300);
    BOOST_REQUIRE(lasting_difference(server, sidecar) == "");
    auto position = both.stop();

    both.restore();
    BOOST_REQUIRE(server.flushed() < position);
    sidecar.start();
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.logged("reason=time_travel") > 0u, sidecar.log());
}

BOOST_DATA_TEST_CASE(a_restored_volume_with_another_history_past_our_position_is_copied_anew, versions, version)
{
    restorable both{version};
    auto& server = both.server;
    auto& sidecar = both.sidecar;
    sidecar.start_following();
    write_history(server, "lost", 300);
    BOOST_REQUIRE(lasting_difference(server, sidecar) == "");
    auto position = both.stop();

    both.restore();
    write_history(server, "kept", 600);
    BOOST_REQUIRE(server.flushed() > position);
    sidecar.start();
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() == 2u, sidecar.log());
}

// Nothing was streamed since the copy, so only what the copy itself left in the history can tell.
BOOST_DATA_TEST_CASE(a_volume_restored_to_before_a_copy_with_nothing_since_is_noticed, versions, version)
{
    restorable both{version};
    auto& server = both.server;
    auto& sidecar = both.sidecar;
    write_history(server, "lost", 300);
    std::filesystem::remove_all(sidecar.state_directory());
    sidecar.start_following();
    auto position = both.stop();

    both.restore();
    write_history(server, "kept", 600);
    BOOST_REQUIRE(server.flushed() > position);
    sidecar.start();
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.logged("reason=history_mismatch") > 0u, sidecar.log());
}

// The copy is durable; most often the stream was not there yet when the history went.
BOOST_AUTO_TEST_CASE(a_history_that_is_lost_right_behind_a_copy_is_never_announced)
{
    restorable both{15};
    auto& server = both.server;
    auto& sidecar = both.sidecar;
    write_history(server, "lost", 300);
    std::filesystem::remove_all(sidecar.state_directory());
    sidecar.start();
    BOOST_REQUIRE(wait_for([&] { return sidecar.logged("copy_finished") > 1; }));
    sidecar.kill();
    BOOST_REQUIRE(server.stop());

    both.restore();
    write_history(server, "kept", 600);
    sidecar.start();
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() == 3u, sidecar.log());
}

// What follows the last mirrored commit is known by its position only, so no transaction has to come again.
BOOST_DATA_TEST_CASE(a_restored_volume_is_noticed_behind_changes_of_other_tables, versions, version)
{
    const std::string others =
        "DROP TABLE IF EXISTS other; CREATE TABLE other AS SELECT repeat(md5(i::text), 10) FROM generate_series(1, 60000) i";
    restorable both{version};
    auto& server = both.server;
    auto& sidecar = both.sidecar;
    sidecar.start_following();
    write_history(server, "lost", 30);
    BOOST_REQUIRE(lasting_difference(server, sidecar) == "");
    auto last_commit = sidecar.position();
    for (int n = 0; n < 2; ++n) server.exec(others);
    BOOST_REQUIRE(wait_for([&] { return sidecar.publish().value > last_commit.value + (16u << 20); }));
    auto position = both.stop();

    both.restore();
    server.exec(others);
    write_history(server, "kept", 10);
    BOOST_REQUIRE(server.flushed() < position);
    for (int n = 0; n < 2; ++n) server.exec(others);
    BOOST_REQUIRE(server.flushed() > position);
    sidecar.start();
    BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() == 2u, sidecar.log());
}

// The WAL holds it for as long as the slot does, whatever becomes of its row.
BOOST_AUTO_TEST_CASE(a_value_that_the_server_cannot_send_is_left_behind_once_its_row_is_right)
{
    postgres_server server;
    sql_session{server.connection_string()}.exec(
        "CREATE DATABASE legacy TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
    auto legacy = server.connection_string() + " dbname=legacy";
    sql_session session{legacy + " client_encoding=SQL_ASCII"};
    workload::create_tables(session);
    mirror sidecar{legacy};
    sidecar.start_following();
    session.exec("UPDATE public.items SET name = E'\\xff' WHERE id = 1");
    BOOST_TEST(wait_for([&] { return sidecar.reason() == "bad_text"; }), sidecar.log());
    BOOST_TEST(sidecar.state() == "needs_operator");
    BOOST_TEST(sidecar.logged("a row of public.items") > 0u, sidecar.log());
    BOOST_REQUIRE(sidecar.stop() == 0);

    session.exec("UPDATE public.items SET name = 'right' WHERE id = 1");
    sidecar.start();
    auto expected = read_now(legacy, mirrored_tables());
    auto equal = [&] { return difference(expected, read_document(sidecar.current("snapshot.json")).rows).empty(); };
    BOOST_TEST(wait_for(equal, 30s), sidecar.log());
    BOOST_TEST(sidecar.logged("reason=unsendable_value") > 0u, sidecar.log());
}

BOOST_AUTO_TEST_CASE(who_goes_for_good_takes_the_slot_along_and_no_other)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto slots = [&] { return server.scalar("SELECT count(*) FROM pg_replication_slots"); };
    BOOST_TEST(sidecar.run_beside("drop-slot") == 3, sidecar.log());
    BOOST_TEST(sidecar.logged("slot_busy") > 0u, sidecar.log());
    BOOST_TEST(sidecar.is_streaming());
    BOOST_REQUIRE(sidecar.stop() == 0);
    BOOST_TEST(sidecar.run("drop-slot") == 0, sidecar.log());
    BOOST_TEST(sidecar.logged("slot understudy is dropped") == 1u, sidecar.log());
    BOOST_TEST(slots() == "0");
    BOOST_TEST(sidecar.run("drop-slot") == 0);
    BOOST_TEST(sidecar.logged("there is no slot understudy") == 1u, sidecar.log());
    server.exec("SELECT pg_create_logical_replication_slot('understudy', 'test_decoding')");
    BOOST_TEST(sidecar.run("drop-slot") == 4, sidecar.log());
    BOOST_TEST(slots() == "1");
}

BOOST_AUTO_TEST_SUITE_END()
