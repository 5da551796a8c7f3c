#include "alerts/observed.hpp"
#include "alerts/rule_book.hpp"
#include "flow/mounted_disk.hpp"
#include "support/markdown.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fstream>
#include <regex>

#include <sys/ptrace.h>
#include <sys/wait.h>

// Each alert is made to fire by the condition that it is about, caused for real, and is silent otherwise.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string numbers = "CREATE TABLE numbers (id int PRIMARY KEY, text text);"
                            "INSERT INTO numbers SELECT i, repeat('x', 100) || i FROM generate_series(1, 5000) i";

/// Copied for long enough to be found at it.
const std::string large_table =
    "CREATE TABLE numbers AS SELECT i AS id, repeat('x', 100) AS text FROM generate_series(1, 500000) i;"
    "ALTER TABLE numbers ADD PRIMARY KEY (id)";

/// Those that were seen firing by this program.
std::set<std::string>& seen()
{
    static std::set<std::string> names;
    return names;
}

/// Exactly these fire at the end of these stretches.
void expect(const std::vector<stretch>& history, const std::set<std::string>& alerts)
{
    BOOST_TEST(wrong_alerts(history, alerts) == "");
    seen().insert(alerts.begin(), alerts.end());
}

/// A mirror that follows its database, and what it says then.
struct following {
    explicit following(const std::string& schema = numbers, server_options options = {})
        : mirror{schema, {"public.numbers"}, {}, std::move(options)}
    {
        mirror.start();
        mirror.settle();
        BOOST_TEST_REQUIRE(wait_for([&] { return mirror.get("/fresh?max_age=1").status == 200; }));
        well = observe(mirror);
    }

    bool says(const std::string& sample)
    {
        return mirror.get("/metrics").body.find("\n" + sample + "\n") != std::string::npos;
    }

    /// Waits for a line of /metrics.
    void wait_until_it_says(const std::string& sample)
    {
        BOOST_TEST_REQUIRE(wait_for([&] { return says(sample); }), sample << "\n" << mirror.get("/metrics").body);
    }

    double value(const std::string& series) { return observe(mirror).second.at(series); }

    served_mirror mirror;
    observed well;
};

/// Stops one thread of a child of ours, and no other, for as long as it lives.
class stopped_thread {
public:
    explicit stopped_thread(pid_t thread) : thread_{thread}
    {
        bool stops = ::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) == 0 &&
                     ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0 &&
                     ::waitpid(thread_, nullptr, __WALL) == thread_;
        if (!stops) throw std::system_error{errno, std::generic_category(), "stop a thread"};
    }
    stopped_thread(const stopped_thread&) = delete;
    stopped_thread& operator=(const stopped_thread&) = delete;
    ~stopped_thread() { ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }

private:
    pid_t thread_;
};

/// Stops a process as a whole.
class stopped_process {
public:
    explicit stopped_process(pid_t process) : process_{process} { ::kill(process_, SIGSTOP); }
    stopped_process(const stopped_process&) = delete;
    stopped_process& operator=(const stopped_process&) = delete;
    ~stopped_process() { ::kill(process_, SIGCONT); }

private:
    pid_t process_;
};

pid_t backend_that_copies(served_mirror& mirror)
{
    pid_t backend = 0;
    auto copies = [&] {
        backend = std::stoi(mirror.sql().scalar("SELECT coalesce(max(pid), 0) FROM pg_stat_progress_copy"));
        return backend != 0;
    };
    BOOST_TEST_REQUIRE(wait_for(copies), mirror.sidecar().log());
    return backend;
}

void change_a_byte(const fs::path& file)
{
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(1000);
    bytes.put('#');
    BOOST_TEST_REQUIRE(bytes.good());
}

/// What was seen, but for one figure, of what a daemon that follows no topics never shows.
observed with_made_up(observed facts, const std::string& series, double figure)
{
    for (auto* moment : {&facts.first, &facts.second}) {
        BOOST_TEST_REQUIRE(moment->contains(series));
        moment->at(series) = figure;
    }
    return facts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(alerts)

BOOST_AUTO_TEST_CASE(an_alert_says_what_it_means_and_has_its_runbook)
{
    auto rules = read_rules();
    BOOST_TEST_REQUIRE(!rules.empty());
    BOOST_TEST(names_of(rules).size() == rules.size());
    std::set<std::string> books;
    for (const auto& entry : fs::directory_iterator{UNDERSTUDY_HELM "/runbooks"})
        if (entry.path().filename() != "README.md") books.insert(entry.path().stem().string());
    BOOST_TEST(books == names_of(rules), boost::test_tools::per_element());
    for (const auto& rule : rules)
        BOOST_TEST_CONTEXT(rule.name) {
            BOOST_TEST(rule.name.starts_with("Understudy"));
            BOOST_TEST((std::set<std::string>{"critical", "warning", "info"}.contains(rule.severity)), rule.severity);
            BOOST_TEST(rule.summary.ends_with("."));
            BOOST_TEST(rule.description.ends_with("."));
            BOOST_TEST(rule.runbook == "helm/runbooks/" + rule.name + ".md");
            auto book = read_file(UNDERSTUDY_HELM "/runbooks/" + rule.name + ".md");
            BOOST_TEST(book.starts_with("# " + rule.name + "\n"));
            for (const auto* part : {"## What it means", "## What to look at", "## What to do", "## When to wait"})
                BOOST_TEST(section_of(book, part).size() > 40U, part);
        }
}

BOOST_AUTO_TEST_CASE(rules_ask_for_metrics_that_exist)
{
    std::set<std::string> known;
    for (const auto& row : table_rows(section_of(read_file(UNDERSTUDY_README), "### Metrics")))
        known.insert(code_spans(row.at(0)).at(0));
    const std::regex metric{"understudy_[a-z_]+"};
    for (const auto& rule : read_rules()) {
        std::sregex_iterator found{rule.expression.begin(), rule.expression.end(), metric};
        BOOST_TEST((found != std::sregex_iterator{}), rule.name);
        for (; found != std::sregex_iterator{}; ++found) BOOST_TEST(known.contains(found->str()), found->str());
    }
}

BOOST_AUTO_TEST_CASE(all_is_silent_while_all_is_well)
{
    following shop;
    expect({{shop.well, 180}}, {});
}

BOOST_AUTO_TEST_CASE(no_daemon)
{
    following shop;
    shop.mirror.sidecar().signal(SIGKILL);
    BOOST_TEST_REQUIRE(shop.mirror.sidecar().wait(10s).has_value());
    BOOST_CHECK_THROW(observe(shop.mirror), std::exception);
    expect({{shop.well, 10}, {observed::nothing(), 5}}, {});
    expect({{shop.well, 10}, {observed::nothing(), 12}}, {"UnderstudyAbsent"});
    // One of several: others answer, so that the series as such are there.
    observed refused;
    refused.second = {{"up", 0}, {"understudy_build_info{version=\"of another\"}", 1}};
    expect({{refused, 4}}, {});
    expect({{refused, 7}}, {"UnderstudyAbsent"});
}

BOOST_AUTO_TEST_CASE(a_database_that_is_down)
{
    following shop;
    BOOST_REQUIRE(shop.mirror.server().stop());
    shop.wait_until_it_says("understudy_source_connected 0");
    auto down = observe(shop.mirror);
    expect({{shop.well, 10}, {down, 2}}, {});
    expect({{shop.well, 10}, {down, 4}}, {"UnderstudySourceDown"});
    expect({{shop.well, 10}, {down, 9}}, {"UnderstudySourceDown", "UnderstudySnapshotOld"});
}

BOOST_AUTO_TEST_CASE(a_database_that_is_down_and_no_snapshot)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    BOOST_REQUIRE(mirror.server().stop());
    mirror.sidecar().start();
    auto answers = [&] {
        try {
            return mirror.get("/metrics").body.find("understudy_state{state=\"waiting\"} 1") != std::string::npos;
        } catch (const std::exception&) {
            return false;
        }
    };
    BOOST_TEST_REQUIRE(wait_for(answers), mirror.sidecar().log());
    expect({{observe(mirror), 9}}, {"UnderstudySourceDown"});
    expect({{observe(mirror), 13}}, {"UnderstudySourceDown", "UnderstudyNothingServed"});
}

BOOST_AUTO_TEST_CASE(a_damaged_snapshot)
{
    following shop;
    shop.mirror.settle();                        // one more, so that there is an older one
    BOOST_REQUIRE(shop.mirror.server().stop());  // else it would be written anew at once
    auto& sidecar = shop.mirror.sidecar();
    sidecar.signal(SIGKILL);
    BOOST_TEST_REQUIRE(sidecar.wait(10s).has_value());
    change_a_byte(sidecar.current("snapshot.json"));
    sidecar.start();
    auto degraded = [&] {
        try {
            shop.mirror.get("/numbers?limit=1");
            return shop.says("understudy_snapshot_degraded 1");
        } catch (const std::exception&) {
            return false;
        }
    };
    BOOST_TEST(wait_for(degraded), sidecar.log());
    auto damaged = observe(shop.mirror);
    // Who touched the bad block was refused, and only he.
    expect({{shop.well, 10}, {damaged, 1}}, {"UnderstudyReadsRefused"});
    expect({{shop.well, 10}, {damaged, 2}}, {"UnderstudyReadsRefused", "UnderstudySnapshotDegraded"});
}

BOOST_AUTO_TEST_CASE(a_loop_that_stands_still)
{
    following shop;
    BOOST_TEST(shop.mirror.sidecar().run_beside("live") == 0);
    stopped_thread loop{shop.mirror.sidecar().pid()};
    BOOST_TEST(shop.mirror.sidecar().run_beside("live") == 1, shop.mirror.sidecar().log());
    auto silent = observe(shop.mirror);
    expect({{shop.well, 10}, {silent, 2}}, {});
    expect({{shop.well, 10}, {silent, 4}}, {"UnderstudyLoopSilent"});
}

BOOST_AUTO_TEST_CASE(readers_who_are_refused_and_readers_who_fall_back)
{
    following shop;
    BOOST_TEST(shop.mirror.get("/numbers/1").status == 200);
    auto read = observe(shop.mirror);
    expect({{shop.well, 10}, {read, 3}}, {});
    BOOST_TEST(shop.mirror.get("/numbers/1", {{"Understudy-Fallback", "database-down"}}).status == 200);
    auto fell_back = observe(shop.mirror);
    expect({{read, 10}, {fell_back, 3}}, {});  // a reason that is new has no increase yet
    BOOST_TEST(shop.mirror.get("/numbers/1", {{"Understudy-Fallback", "database-down"}}).status == 200);
    auto again = observe(shop.mirror);
    expect({{fell_back, 10}, {again, 3}}, {"UnderstudyFallbackInUse"});
    expect({{fell_back, 10}, {again, 10}}, {});
    BOOST_REQUIRE(shop.mirror.server().stop());
    BOOST_TEST(wait_for([&] { return shop.mirror.get("/numbers/1?max_age=1").status == 503; }));
    auto refused = observe(shop.mirror);
    expect({{again, 10}, {refused, 2}}, {"UnderstudyReadsRefused"});
}

BOOST_AUTO_TEST_CASE(something_that_only_a_person_can_mend)
{
    following shop;
    shop.mirror.sql().exec("DROP TABLE numbers");
    shop.wait_until_it_says("understudy_state{state=\"needs_operator\"} 1");
    auto stuck = observe(shop.mirror);
    expect({{shop.well, 10}, {stuck, 2}}, {"UnderstudyNeedsOperator"});
}

BOOST_AUTO_TEST_CASE(wal_that_is_not_taken)
{
    following shop{numbers, {.settings = {{"max_slot_wal_keep_size", "5GB"}, {"max_wal_size", "16GB"}}}};
    auto sender = std::stoi(shop.mirror.sql().scalar("SELECT active_pid FROM pg_replication_slots"));
    stopped_process taken{sender};
    auto write = [&](int mib) {
        shop.mirror.sql().exec(
            "DO $$BEGIN FOR i IN 1.." + std::to_string(mib / 8) +
            " LOOP PERFORM pg_logical_emit_message(false, 'test', repeat('x', 8 << 20)); END LOOP; END$$");
    };
    const std::string lag = "understudy_source_lag_bytes";
    const std::string retained = "understudy_slot_retained_bytes";
    const std::string safe = "understudy_slot_safe_wal_bytes";
    write(1100);
    BOOST_TEST_REQUIRE(wait_for([&] { return shop.value(lag) > 1.07e9; }));
    auto behind = observe(shop.mirror);
    expect({{shop.well, 10}, {behind, 4}}, {});
    expect({{shop.well, 10}, {behind, 7}}, {"UnderstudyLagging", "UnderstudySnapshotOld"});
    write(3200);
    BOOST_TEST_REQUIRE(wait_for([&] { return shop.value(retained) > 4.3e9 && shop.value(safe) < 1.07e9; }));
    auto at_risk = observe(shop.mirror);
    expect({{shop.well, 10}, {at_risk, 1}}, {"UnderstudySlotAtRisk"});
    expect({{shop.well, 10}, {at_risk, 12}},
           {"UnderstudyLagging", "UnderstudySnapshotOld", "UnderstudySlotAtRisk", "UnderstudySlotRetainsWal"});
}

BOOST_AUTO_TEST_CASE(records_that_are_not_taken)
{
    following shop{numbers};
    auto behind = with_made_up(shop.well, "understudy_source_lag_records", 1.1e6);
    expect({{shop.well, 10}, {behind, 4}}, {});
    expect({{shop.well, 10}, {behind, 7}}, {"UnderstudyTopicsLagging"});
}

// test_kafka sees the figure rise.
BOOST_AUTO_TEST_CASE(rows_that_are_withheld)
{
    following shop{numbers};
    auto lacking = with_made_up(shop.well, "understudy_snapshot_withheld_rows", 4);
    expect({{shop.well, 10}, {lacking, 14}}, {});
    expect({{shop.well, 10}, {lacking, 17}}, {"UnderstudyRowsWithheld"});
}

BOOST_AUTO_TEST_CASE(a_slot_that_was_dropped)
{
    following shop{large_table};
    {
        stopped_process sidecar{shop.mirror.sidecar().pid()};  // else it would take its slot again at once
        auto& sql = shop.mirror.sql();
        sql.exec("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active");
        BOOST_TEST_REQUIRE(
            wait_for([&] { return sql.scalar("SELECT count(*) FROM pg_replication_slots WHERE active") == "0"; }));
        sql.exec("SELECT pg_drop_replication_slot('understudy')");
    }
    {
        stopped_process stuck{backend_that_copies(shop.mirror)};
        shop.wait_until_it_says("understudy_state{state=\"copying\"} 1");
        auto copies = observe(shop.mirror);
        expect({{shop.well, 10}, {copies, 2}}, {"UnderstudyHistoryLost"});
    }
    shop.mirror.settle();
    expect({{shop.well, 10}, {observe(shop.mirror), 2}}, {});
}

BOOST_AUTO_TEST_CASE(a_copy_that_does_not_end)
{
    served_mirror mirror{large_table, {"public.numbers"}};
    mirror.sidecar().start();
    stopped_process stuck{backend_that_copies(mirror)};
    auto copying = observe(mirror);
    expect({{copying, 59}}, {});
    expect({{copying, 63}}, {"UnderstudyCopyLong"});
}

BOOST_AUTO_TEST_CASE(clocks_that_differ)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.sidecar().set_environment("LD_PRELOAD", UNDERSTUDY_FAKETIME);
    mirror.sidecar().set_environment("FAKETIME", "-7s");
    mirror.sidecar().set_environment("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    mirror.start();
    mirror.settle();
    auto apart = [&] { return observe(mirror).second.at("understudy_source_clock_offset_seconds") > 6; };
    BOOST_TEST_REQUIRE(wait_for(apart), mirror.get("/metrics").body);
    auto differs = observe(mirror);
    expect({{differs, 9}}, {});
    expect({{differs, 13}}, {"UnderstudyClocksApart"});
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mounted_disk disk{mounted_disk::kind::tmpfs, mirror.sidecar().snapshot_directory(), std::uint64_t{64} << 20};
    mirror.start();
    mirror.settle();
    auto well = observe(mirror);
    disk.fill();
    auto failures = [&] {
        auto seen = observe(mirror).second;
        return seen.at("understudy_snapshot_publishes_total{result=\"failed\",reason=\"disk_full\"}");
    };
    auto fails = [&] {
        mirror.sql().exec("UPDATE numbers SET text = repeat('y', 100) || id");
        return failures() > 3;
    };
    BOOST_TEST_REQUIRE(wait_for(fails, 60s), mirror.get("/metrics").body);
    auto full = observe(mirror);
    expect({{well, 10}, {full, 3}}, {"UnderstudyPublishFails", "UnderstudyDiskFull"});
    disk.make_room();
    mirror.settle();
    expect({{well, 10}, {full, 3}, {observe(mirror), 25}}, {});
}

BOOST_AUTO_TEST_CASE(publishing_that_is_held_and_a_config_that_is_refused)
{
    following shop;
    auto& sidecar = shop.mirror.sidecar();
    BOOST_TEST_REQUIRE(sidecar.run_beside("pause", {"--reason", "the import is wrong"}) == 0);
    shop.wait_until_it_says("understudy_paused 1");
    auto paused = observe(shop.mirror);
    expect({{shop.well, 5}, {paused, 59}}, {});
    expect({{shop.well, 5}, {paused, 63}}, {"UnderstudyPaused"});
    BOOST_TEST_REQUIRE(sidecar.run_beside("resume") == 0);
    shop.wait_until_it_says("understudy_paused 0");
    auto good = read_file(sidecar.config_file());
    write_file(sidecar.config_file(), good + "nonsense: 1\n");
    sidecar.signal(SIGHUP);
    shop.wait_until_it_says("understudy_config_last_reload_successful 0");
    auto refused = observe(shop.mirror);
    expect({{shop.well, 5}, {refused, 4}}, {});
    expect({{shop.well, 5}, {refused, 7}}, {"UnderstudyConfigRefused"});
    write_file(sidecar.config_file(), good);
    sidecar.signal(SIGHUP);
    shop.wait_until_it_says("understudy_config_last_reload_successful 1");
    expect({{shop.well, 5}, {refused, 7}, {observe(shop.mirror), 3}}, {});
}

// The last case: whoever adds an alert adds the condition that it is about.
BOOST_AUTO_TEST_CASE(each_alert_was_seen_firing)
{
    BOOST_TEST(seen() == names_of(read_rules()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
