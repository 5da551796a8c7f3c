#include "integration/data/mirror.hpp"

#include "integration/data/control_socket.hpp"
#include "support/waiting.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <map>
#include <memory>
#include <stdexcept>

namespace understudy::testing {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

constexpr auto slot_variable = "UNDERSTUDY_SOURCE__POSTGRES__SLOT";

std::string new_name()
{
    static int count = 0;
    return "mirror_" + std::to_string(++count);
}

std::string make_database(int version, const std::string& name)
{
    auto& server = shared_server(version);
    sql_session{server.connection_string()}.exec("CREATE DATABASE " + name);
    auto connection = server.connection_string("postgres", name);
    sql_session{connection}.exec(
        "CREATE SCHEMA test; CREATE TABLE test.marker (id int PRIMARY KEY, count bigint NOT NULL);"
        "INSERT INTO test.marker VALUES (1, 0)");
    return connection;
}

sidecar_options options_of(const mirror_options& wanted, const std::string& connection)
{
    sidecar_options options{.connection = connection, .tables = wanted.tables};
    options.tables.push_back("test.marker");
    options.more = wanted.cadence + wanted.commit + wanted.more;
    return options;
}

}  // namespace

postgres_server& shared_server(int version)
{
    static std::map<int, std::unique_ptr<postgres_server>> servers;
    auto& server = servers[version];
    if (!server) server = std::make_unique<postgres_server>(server_options{.version = version});
    return *server;
}

std::optional<fs::path> current_generation(const fs::path& snapshot_directory)
{
    std::error_code none;
    auto target = fs::read_symlink(snapshot_directory / "current", none);
    if (none) return std::nullopt;
    return snapshot_directory / target;
}

mirror::mirror(mirror_options options)
    : options_{std::move(options)},
      name_{new_name()},
      connection_{make_database(options_.version, name_)},
      session_{connection_},
      sidecar_{options_of(options_, connection_)}
{
    sidecar_.set_environment(slot_variable, name_);
}

mirror::~mirror()
{
    try {
        if (sidecar_.running()) kill();
        sql_session admin{shared_server(options_.version).connection_string()};
        admin.exec("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '" + name_ +
                   "'");
        wait_for(
            [&] {
                admin.exec("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                           " WHERE database = '" +
                           name_ + "' AND NOT active");
                return admin.scalar("SELECT count(*) FROM pg_replication_slots WHERE database = '" + name_ + "'") ==
                       "0";
            },
            10s);
        admin.exec("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {
        static_cast<void>(name_);  // what is left only takes room on a server that ends soon
    }
}

void mirror::start()
{
    auto before = current();
    sidecar_.start();
    if (before) return;
    if (!wait_for([&] { return current().has_value() || !sidecar_.running(); }, 60s) || !current())
        throw std::runtime_error{explain("no first generation")};
}

void mirror::stop()
{
    sidecar_.signal(SIGTERM);
    auto status = sidecar_.wait(10s);
    if (status != 0) throw std::runtime_error{explain("it did not stop in order")};
}

void mirror::kill()
{
    sidecar_.signal(SIGKILL);
    if (!sidecar_.wait(10s)) throw std::runtime_error{"it survived SIGKILL"};
}

std::string mirror::mark()
{
    return session_.scalar("UPDATE test.marker SET count = count + 1 RETURNING count");
}

bool mirror::has_marker(const std::string& count, std::optional<fs::path>& seen) const
{
    auto now = current();
    if (!now || now == seen) return false;
    seen = now;
    return read_document(*now / "snapshot.json").rows.at("test.marker").at(0) == R"({"id":1,"count":)" + count + "}";
}

fs::path mirror::settle(std::chrono::milliseconds deadline, const std::function<void()>& meanwhile)
{
    auto count = mark();
    std::optional<fs::path> seen;
    bool arrived = false;
    auto ended = [&] {
        meanwhile();
        return (arrived = has_marker(count, seen)) || !sidecar_.running();
    };
    if (!wait_for(ended, deadline) || !arrived) throw std::runtime_error{explain("the last commit is not announced")};
    return *seen;
}

std::vector<oracle_table> mirror::all_tables()
{
    // Postgres before 18 does not send generated columns, and 18 sends only stored ones.
    auto sent = options_.version >= 18 ? "a.attgenerated <> 'v'" : "a.attgenerated = ''";
    auto rows = session_.query(
        "SELECT format('%I.%I', n.nspname, c.relname), to_json(CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname"
        " || '.' END || c.relname), (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)"
        " FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND " +
        std::string{sent} +
        ") FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition"
        " AND n.nspname NOT IN ('pg_catalog', 'information_schema')");
    std::vector<oracle_table> tables;
    for (const auto& row : rows) {
        auto member = row[1].value().substr(1, row[1].value().size() - 2);
        tables.push_back(
            {.table = "(SELECT " + row[2].value() + " FROM " + row[0].value() + ") AS visible", .member = member});
    }
    return tables;
}

std::string mirror::differences()
{
    return differences(all_tables());
}

std::string mirror::differences(const std::vector<oracle_table>& tables, const std::string& file)
{
    auto generation = settle();
    return difference(read_now(connection_, tables), read_document(generation / file).rows);
}

std::string mirror::differences_at_a_cut()
{
    return differences_at_a_cut(all_tables());
}

std::string mirror::differences_at_a_cut(const std::vector<oracle_table>& tables)
{
    auto refused = [](const auto& ask) {
        try {
            return ask(), false;
        } catch (const std::runtime_error&) {
            return true;
        }
    };
    std::string report;
    // A table that is being copied again has no state at any point.
    if (!wait_for([&] { return !refused([&] { report = compare_at_a_cut(tables); }); }, 2min))
        throw std::runtime_error{explain("no cut was made")};
    return report;
}

std::string mirror::compare_at_a_cut(const std::vector<oracle_table>& tables)
{
    control_socket daemon{sidecar_.state_directory()};
    daemon.hold();
    auto expected = read_at_consistent_point(connection_, tables);
    auto generation = daemon.cut(expected.position);
    auto found = read_document(generation / "snapshot.json");
    auto report = difference(expected.rows, found.rows);
    daemon.release();
    return report.empty() ? report : "at " + expected.position + ":\n" + report;
}

std::pair<int, std::string> mirror::run_beside(const std::string& command, const std::vector<std::string>& arguments)
{
    temp_directory scratch;
    child_options options{.command = {UNDERSTUDY_PROGRAM, command, "--config", sidecar_.config_file()},
                          .output = scratch / "output",
                          .environment = {{slot_variable, name_}}};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    child_process program{options};
    auto status = program.wait(2min);
    if (!status) throw std::runtime_error{explain(command + " did not end: " + read_file(scratch / "output"))};
    return {*status, read_file(scratch / "output")};
}

std::optional<fs::path> mirror::current() const
{
    return current_generation(sidecar_.snapshot_directory());
}

boost::json::object mirror::status() const
{
    return boost::json::parse(read_file(sidecar_.snapshot_directory() / "status.json")).as_object();
}

boost::json::object mirror::manifest(const fs::path& generation) const
{
    return boost::json::parse(read_file(generation / "manifest.json")).as_object();
}

std::string mirror::explain(const std::string& what) const
{
    auto log = sidecar_.log();
    constexpr std::size_t shown = 3000;
    return what + "\nstatus: " + read_file(sidecar_.snapshot_directory() / "status.json") +
           "\nlog: " + (log.size() > shown ? log.substr(log.size() - shown) : log);
}

}  // namespace understudy::testing
