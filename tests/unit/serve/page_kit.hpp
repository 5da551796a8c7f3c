#pragma once

#include "serve/status_page.hpp"

#include <fmt/format.h>

#include <string>

// Installations whose status pages the tests look at.
namespace understudy::testing {

using namespace std::chrono_literals;

inline constexpr db_time page_now{std::chrono::seconds{1'795'701'731}};  // 2026-11-26 14:02:11

/// A day in which a generation was published every few minutes, with what else there can be.
inline day_record full_day()
{
    day_record day;
    for (auto before = 24h - 5min; before >= 0min; before -= 5min) {
        auto at = page_now - before;
        auto hour = before / 1h;
        if (hour == 19 && before % 1h < 40min) continue;  // not running
        if (hour == 18 && before % 1h > 50min) day.note(day_event::not_running, "restarted", at);
        day.see(day_event::skipped, "min_interval", at);
        if (hour != 4 && before % 25min != 0min)
            for (int times = 0; times < 3 + before / 1min % 9; ++times) day.note(day_event::published, "every", at);
        if (hour == 13 && before % 1h < 25min) day.note(day_event::database_down, "unreachable", at);
        if (hour == 12 && before % 1h > 50min) day.note(day_event::failed, "disk_full", at);
        if (hour == 7 && before % 1h < 20min) day.note(day_event::blocked, "table_locked", at);
        if (hour == 4) day.note(day_event::blocked, "paused", at);
    }
    return day;
}

inline manifest generation_of(std::uint64_t number, std::uint64_t rows_more)
{
    manifest made;
    made.generation = number;
    made.position = lsn{0x16'B374'0000 + number * 512};
    made.content_as_of = page_now - std::chrono::milliseconds{3200} - (812 - number) * 61s;
    made.created_at = page_now - 3100ms - (812 - number) * 61s;
    for (std::uint64_t index = 0; index < 10; ++index) {
        manifest_table table;
        constexpr const char* names[] = {"materials",   "suppliers",  "purchase_orders", "warehouses", "stock_levels",
                                         "price_lists", "currencies", "customers",       "shipments",  "audit_notes"};
        table.name = {index < 7 ? "public" : "sales", names[index]};
        table.rows_epoch = 1;
        table.rows = index * index * index * 1734 + 12 + (index % 3 == 1 ? rows_more * index : 0);
        made.tables.push_back(table);
    }
    manifest_document document;
    document.file = "snapshot.json";
    document.bytes = 48'213'911 + number * 1337;
    for (const auto& table : made.tables) document.rows += table.rows;
    document.sha256 = fmt::format("{0:016x}{1:016x}{0:016x}{1:016x}", number * 0x9E37'79B9'7F4A'7C15ULL,
                                  number * 0xD6E8'FEB8'6659'FD93ULL);
    made.documents.push_back(document);
    return made;
}

inline void add_settings(page_facts& into)
{
    const std::pair<const char*, const char*> set[] = {
        {"source.postgres.connection", "host=db.internal dbname=shop user=understudy password=********"},
        {"tables", R"(["public.materials","public.suppliers","public.purchase_orders","public.warehouses",)"
                   R"("public.stock_levels","public.price_lists","public.currencies","sales.*"])"},
        {"state.directory", "/var/lib/understudy/state"},
        {"snapshot.directory", "/var/lib/understudy/snapshot"},
        {"cadence.every", "1m"},
        {"cadence.after_changes", "1000"}};
    const std::pair<const char*, const char*> defaults[] = {
        {"source.postgres.slot", "understudy"},
        {"source.postgres.publication", "understudy"},
        {"source.postgres.create", "true"},
        {"state.any_filesystem", "false"},
        {"snapshot.keep", "3"},
        {"snapshot.grace", "1m"},
        {"snapshot.mode", "0440"},
        {"snapshot.owner", "(unset)"},
        {"snapshot.group", "(unset)"},
        {"snapshot.reserve", "0"},
        {"cadence.min_interval", "1s"},
        {"cadence.after_bytes", "(unset)"},
        {"cadence.after_quiet", "(unset)"},
        {"commit.max_delay", "1s"},
        {"commit.max_changes", "50000"},
        {"commit.max_bytes", "8MiB"},
        {"documents", R"([{"file":"snapshot.json","header":true}])"},
        {"status.heartbeat", "1s"},
        {"log.level", "info"},
        {"log.format", "text"}};
    int line = 3;
    for (const auto& [key, value] : set)
        into.settings.push_back({key, value, fmt::format("/etc/understudy/understudy.yaml:{}:5", line++)});
    for (const auto& [key, value] : defaults) into.settings.push_back({key, value, "default"});
}

inline void add_record(status_report& into)
{
    auto& record = into.cadence.record;
    for (std::uint64_t back = 7; back > 0; --back) {
        auto at = page_now - std::chrono::seconds{61 * (back - 1)} - 3s;
        record.push_back({at - 58s, "skipped", "nothing_changed"});
        if (back == 5) record.push_back({at - 2s, "put_off", "table_locked"});
        if (back == 4) record.push_back({at - 4s, "failed", "disk_full"});
        record.push_back({at, "published", back % 3 == 0 ? "after_changes" : "every", 813 - back, 1'734'512,
                          48'213'911 + 1337 * (813 - back), 140 + 17 * back});
    }
}

/// Ten tables, three generations, a full day: an ordinary installation, and all is well.
inline page_facts ordinary_page()
{
    page_facts facts;
    facts.now = page_now;
    facts.day = full_day();
    facts.build = "g++ 12.2.0, LMDB 0.9.24, libpq 15.8";
    facts.generations = {generation_of(812, 17), generation_of(811, 3), generation_of(810, 0)};
    add_settings(facts);
    facts.reads = {{"connection refused", 1204, page_now - 11h}, {"timeout", 37, page_now - 13h}};
    auto& now = facts.status;
    now.version = "0.1.0";
    now.pid = 4711;
    now.state = "streaming";
    now.since = page_now - 11h - 37min;
    now.heartbeat = page_now - 240ms;
    now.generation = 812;
    now.position = facts.generations[0].position;
    now.content_as_of = page_now - 3200ms;
    now.current_as_of = page_now - 812ms;
    now.clock_offset_ms = 0;
    now.lag_bytes = 18'432;
    now.lag_seconds = 0.812;
    now.source.connected = true;
    now.source.slot = "understudy";
    now.source.server_version = "16.4";
    now.source.retained_bytes = 1'572'864;
    now.source.database_position = lsn{0x16'B374'F220};
    now.source.received_position = lsn{0x16'B374'E000};
    now.source.stored_position = lsn{0x16'B374'DF00};
    now.source.last_error = error_status{"unreachable",
                                         "connection to server at \"db.internal\" (10.0.3.17), port 5432 "
                                         "failed: Connection refused",
                                         page_now - 13h - 24min, page_now - 13h, 52};
    now.cadence.next_due = page_now + 57s;
    now.cadence.rule = "every";
    now.cadence.will_fire = "every";
    now.cadence.last_publish_at = page_now - 3s;
    now.cadence.last_publish_reason = "every";
    now.cadence.last_skip_reason = "nothing_changed";
    now.cadence.rules = {1s, 60s, 1000, std::nullopt, std::nullopt};
    now.cadence.pending = {41, 6'312, page_now - 2s};
    add_record(now);
    for (const auto& table : facts.generations[0].tables)
        now.tables.push_back({table.name, table.rows, "current", std::nullopt});
    now.reload = reload_status{page_now - 5h,
                               "partly_refused",
                               "",
                               {{"cadence.every", "5m", "1m", "live"}, {"commit.max_delay", "1s", "5s", "refused"}}};
    now.store_bytes = 201'326'592;
    return facts;
}

inline page_facts down_page()
{
    auto facts = ordinary_page();
    auto& now = facts.status;
    now.state = "waiting";
    now.since = page_now - 12s;
    now.reason = "unreachable";
    now.reason_text = now.source.last_error->text;
    now.source.connected = false;
    now.source.retained_bytes.reset();
    now.source.last_error->first_at = page_now - 11min - 20s;
    now.source.last_error->last_at = page_now - 12s;
    now.source.last_error->count = 25;
    now.content_as_of = page_now - 12min;
    now.current_as_of = page_now - 11min - 21s;
    now.lag_bytes.reset();
    now.lag_seconds.reset();
    now.cadence.rule = "nothing_changed";
    now.cadence.will_fire = "";
    now.cadence.next_due.reset();
    now.cadence.pending = {};
    for (auto back = 10min; back >= 0min; back -= 5min)
        facts.day.note(day_event::database_down, "unreachable", page_now - back);
    return facts;
}

inline page_facts copying_page()
{
    auto facts = ordinary_page();
    auto& now = facts.status;
    now.state = "resyncing";
    now.reason = "table_changed";
    now.reason_text = "public.materials was altered";
    now.tables[0].state = "copying";
    now.tables[0].progress = 0.42;
    now.copy = copy_status{"public.materials", 1, 3, 0.42, 734'112, 91'226'112, 61'234.5, 17};
    return facts;
}

inline page_facts paused_page()
{
    auto facts = ordinary_page();
    auto& now = facts.status;
    now.paused = pause_status{page_now - 4min, "anna", "the price import is wrong"};
    now.content_as_of = page_now - 6min;
    now.current_as_of = page_now - 3min - 50s;
    now.cadence.rule = "paused";
    now.cadence.will_fire = "resumed";
    now.cadence.next_due.reset();
    return facts;
}

inline page_facts operator_page()
{
    auto facts = ordinary_page();
    auto& now = facts.status;
    now.state = "needs_operator";
    now.since = page_now - 9min;
    now.reason = "synchronous_standby";
    now.reason_text = "synchronous_standby_names is '*', which matches us; set it to the names of the real standbys";
    now.source.connected = false;
    return facts;
}

inline page_facts failing_page()
{
    auto facts = ordinary_page();
    auto& now = facts.status;
    now.reason = "disk_full";
    now.reason_text = "/var/lib/understudy/snapshot: cannot write snapshot.json: No space left on device";
    now.cadence.rule = "backing_off";
    now.cadence.next_due = page_now + 14s;
    now.content_as_of = page_now - 9min;
    now.current_as_of = page_now - 8min;
    return facts;
}

/// Before anything was published, by a daemon that began a moment ago.
inline page_facts new_page()
{
    page_facts facts;
    facts.now = page_now;
    facts.status.version = "0.1.0";
    facts.status.state = "copying";
    facts.status.since = page_now - 4s;
    facts.status.heartbeat = page_now;
    facts.status.source.connected = true;
    facts.status.source.slot = "understudy";
    facts.status.copy = copy_status{"", 0, 10, std::nullopt, 0, 0, 0, std::nullopt};
    facts.status.reason_text = "the new slot waits for pid 812, database shop, open for 00:04:11";
    facts.status.cadence.rule = "not_following";
    facts.status.cadence.will_fire = "first";
    facts.status.cadence.rules = {};
    facts.day.note(day_event::blocked, "copying", page_now);
    add_settings(facts);
    return facts;
}

inline page_facts stopped_page()
{
    auto facts = ordinary_page();
    facts.status.state = "stopped";
    facts.status.source.connected = false;
    facts.status.reason = "wrong_system";
    facts.status.reason_text = "another cluster answers than the one that was copied";
    return facts;
}

/// Wherever text comes from outside, it tries to leave its place.
inline page_facts hostile_page()
{
    const std::string evil = "<script>alert(1)</script>\" onmouseover='x' --> & </style></title>\xff\x01 `rm -rf`";
    auto facts = ordinary_page();
    auto& now = facts.status;
    now.reason = evil;
    now.reason_text = evil;
    now.version = evil;
    now.source.slot = evil;
    now.source.server_version = evil;
    now.source.last_error = error_status{evil, evil, page_now, page_now, 1};
    now.paused = pause_status{page_now, evil, evil};
    now.cadence.rule = evil;
    now.cadence.will_fire = evil;
    now.cadence.last_publish_reason = evil;
    now.cadence.last_skip_reason = evil;
    now.cadence.record = {{page_now, evil, evil, 1, 1, 1, 1}};
    now.reload = reload_status{page_now, evil, evil, {{evil, evil, evil, evil}}};
    now.copy = copy_status{evil, 1, 1, 0.5, 1, 1, 1, 1};
    for (auto& table : now.tables) table = {{evil, evil}, 1, evil, 0.5};
    for (auto& generation : facts.generations) {
        generation.documents[0].file = evil;
        generation.documents[0].sha256 = evil;
    }
    facts.settings = {{evil, evil, evil}};
    facts.reads = {{evil, 1, page_now}};
    facts.build = evil;
    facts.day.note(day_event::failed, evil, page_now);
    return facts;
}

}  // namespace understudy::testing
