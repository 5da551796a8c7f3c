#include "flow/flow_kit.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <signal.h>

#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace understudy::testing {

namespace json = boost::json;
using namespace std::chrono_literals;

const std::vector<oracle_table>& mirrored_tables()
{
    static const std::vector<oracle_table> tables{{.table = "public.items", .member = "items"},
                                                  {.table = "public.events", .member = "events"}};
    return tables;
}

filled_server::filled_server(server_options options) : postgres_server{std::move(options)}
{
    sql_session session{connection_string()};
    workload::create_tables(session);
}

void filled_server::exec(const std::string& statements) const
{
    sql_session{connection_string()}.exec(statements);
}

std::string filled_server::scalar(const std::string& statement) const
{
    return sql_session{connection_string()}.scalar(statement);
}

lsn filled_server::flushed() const
{
    return parse_lsn(scalar("SELECT pg_current_wal_flush_lsn()")).value();
}

lsn filled_server::confirmed(const std::string& slot) const
{
    return parse_lsn(scalar("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + slot + "'"))
        .value();
}

mirror::mirror(const postgres_server& server, const std::string& more) : mirror{server.connection_string(), more} {}

mirror::mirror(const std::string& connection, const std::string& more)
    : sidecar_process{{.connection = connection, .tables = {"public.items", "public.events"}, .more = more}}
{
}

void mirror::start_following()
{
    start();
    auto process = std::to_string(pid());
    bool follows = wait_for(
        [&] {
            if (!running()) throw std::runtime_error{"understudy ended:\n" + log()};
            auto now = status();
            return is_streaming() && json::serialize(now["pid"]) == process &&
                   now["generation"].to_number<std::uint64_t>() != 0;
        },
        60s);
    if (!follows) throw std::runtime_error{"understudy does not follow:\n" + log()};
}

int mirror::stop()
{
    signal(SIGTERM);
    return wait(2s).value_or(-1);
}

void mirror::kill()
{
    signal(SIGKILL);
    wait(10s);
}

json::object mirror::status() const
{
    auto text = read_file(snapshot_directory() / "status.json");
    return text.empty() ? json::object{} : json::parse(text).as_object();
}

std::string mirror::status_text(const std::string& member) const
{
    auto now = status();
    const auto* value = now.if_contains(member);
    return value ? std::string{value->as_string()} : std::string{};
}

bool mirror::is_streaming() const
{
    return state() == "streaming";
}

json::object mirror::manifest() const
{
    auto text = read_file(current("manifest.json"));
    if (text.empty()) throw std::runtime_error{"no generation is announced:\n" + log()};
    return json::parse(text).as_object();
}

std::uint64_t mirror::generation() const
{
    return manifest().at("generation").to_number<std::uint64_t>();
}

lsn mirror::position() const
{
    return parse_lsn(manifest().at("position").as_string()).value();
}

lsn mirror::publish()
{
    auto before = generation();
    signal(SIGUSR1);
    if (!wait_for([&] { return generation() > before; })) throw std::runtime_error{"nothing was published:\n" + log()};
    return position();
}

std::size_t mirror::logged(const std::string& text) const
{
    auto all = log();
    std::size_t count = 0;
    for (auto at = all.find(text); at != all.npos; at = all.find(text, at + 1)) ++count;
    return count;
}

std::string lasting_difference(const postgres_server& server, const mirror& sidecar, std::chrono::milliseconds patience)
{
    auto expected = read_now(server.connection_string(), mirrored_tables());
    std::string found = "nothing is announced";
    auto equal = [&] {
        if (!std::filesystem::exists(sidecar.current("snapshot.json"))) return false;
        found = difference(expected, read_document(sidecar.current("snapshot.json")).rows);
        return found.empty();
    };
    wait_for(equal, patience);
    return found;
}

}  // namespace understudy::testing
