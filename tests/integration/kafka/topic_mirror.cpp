#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/json/parse.hpp>

#include <signal.h>

#include <stdexcept>
#include <utility>

namespace understudy::testing {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// As in the recommended connector.
constexpr const char* recommended_encodings = "      decimal_handling_mode: string\n"
                                              "      interval_handling_mode: string\n"
                                              "      time_precision_mode: microseconds\n"
                                              "      binary_handling_mode: hex\n";
constexpr const char* quick =
    "cadence:\n  min_interval: 20ms\ncommit:\n  max_delay: 20ms\nstatus:\n  heartbeat: 100ms\n";

/// `public."A b"` without its quotes, as Debezium's lists of regular expressions and its topics have it.
std::string bare(const std::string& table)
{
    std::string text;
    for (char letter : table)
        if (letter != '"') text += letter == '$' ? "\\$" : std::string{letter};
    return text;
}

std::string make_database(const topic_mirror_options& options)
{
    sql_session{shared_postgres().connection_string()}.exec("CREATE DATABASE " + options.name);
    auto connection = shared_postgres().connection_string("postgres", options.name);
    sql_session session{connection};
    session.exec(options.setup);
    create_publication(shared_postgres(), {.prefix = options.name, .tables = options.tables, .database = options.name});
    return connection;
}

/// An empty path for no description.
sidecar_options options_of(const topic_mirror_options& options, const std::filesystem::path& description)
{
    sidecar_options made;
    auto brokers = options.brokers.empty() ? shared_broker().bootstrap() : options.brokers;
    made.source = "  kafka:\n    brokers: \"" + brokers + "\"\n    topics:\n      prefix: " + options.name +
                  (description.empty() ? "" : "\n    description: " + description.string()) + "\n    connector:\n" +
                  (options.encodings.empty() ? recommended_encodings : options.encodings) + options.source;
    made.tables = options.followed;
    if (made.tables.empty())
        for (const auto& table : options.tables) made.tables.push_back("'" + table + "'");
    made.more = quick + options.more;
    return made;
}

}  // namespace

topic_mirror::topic_mirror(topic_mirror_options options)
    : options_{std::move(options)},
      connection_{make_database(options_)},
      session_{connection_},
      sidecar_{
          options_of(options_, options_.columns == columns_from::messages ? std::filesystem::path{} : description())}
{
    if (options_.columns == columns_from::description) describe();
}

topic_mirror::~topic_mirror()
{
    try {
        if (sidecar_.running()) kill();
        if (capturing_) end_capture();
        sql_session admin{shared_postgres().connection_string()};
        auto slot = "slot_name = '" + options_.name + "'";
        admin.exec("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE " + slot);
        wait_for([&] {
            admin.exec("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active AND " +
                       slot);
            return admin.scalar("SELECT count(*) FROM pg_replication_slots WHERE " + slot) == "0";
        });
        admin.exec("DROP DATABASE " + options_.name + " WITH (FORCE)");
    } catch (const std::exception&) {
        capturing_ = false;  // what is left only takes room on a server that ends soon
    }
}

connector_properties topic_mirror::connector() const
{
    auto properties =
        recommended_connector(shared_postgres(), {.prefix = options_.name, .tables = {}, .database = options_.name});
    std::string list;
    for (const auto& table : options_.tables) list += (list.empty() ? "" : ",") + bare(table);
    properties.insert_or_assign("table.include.list", list);
    properties.insert_or_assign("heartbeat.interval.ms", "500");
    if (options_.columns == columns_from::messages)
        for (const auto& [name, value] : connector_properties{{"key.converter.schemas.enable", "true"},
                                                              {"value.converter.schemas.enable", "true"},
                                                              {"column.propagate.source.type", ".*"}})
            properties.insert_or_assign(name, value);
    for (const auto& [name, value] : options_.connector) properties.insert_or_assign(name, value);
    return properties;
}

void topic_mirror::capture(const connector_properties& more)
{
    auto properties = connector();
    for (const auto& [name, value] : more) properties.insert_or_assign(name, value);
    capturing_ = true;
    shared_connect().put_connector(options_.name, properties);
}

void topic_mirror::end_capture()
{
    shared_connect().delete_connector(options_.name);
    capturing_ = false;
}

void topic_mirror::describe()
{
    auto output = scratch_ / "described";
    std::filesystem::remove(output);
    child_options options{
        .command = {UNDERSTUDY_PROGRAM, "describe", "--config", sidecar_.config_file(), "--connection", connection_},
        .output = output};
    child_process program{options};
    if (program.wait(1min) != 0) throw std::runtime_error{"understudy describe: " + read_file(output)};
    std::filesystem::rename(output, description());
}

std::unique_ptr<sidecar_process> topic_mirror::described_one()
{
    describe();
    return std::make_unique<sidecar_process>(options_of(options_, description()));
}

void topic_mirror::start_following()
{
    start();
    auto follows = [&] {
        if (!sidecar_.running()) throw std::runtime_error{"understudy ended\n" + explained()};
        auto now = status();
        return !now.empty() && now.at("state") == "streaming" && now.at("pid").to_number<pid_t>() == sidecar_.pid() &&
               now.at("generation").to_number<std::uint64_t>() != 0;
    };
    if (!wait_for(follows, 60s)) throw std::runtime_error{"understudy does not follow\n" + explained()};
}

void topic_mirror::kill()
{
    sidecar_.signal(SIGKILL);
    if (!sidecar_.wait(10s)) throw std::runtime_error{"it survived SIGKILL"};
}

void topic_mirror::stop()
{
    sidecar_.signal(SIGTERM);
    if (sidecar_.wait(10s) != 0) throw std::runtime_error{"it did not stop in order\n" + explained()};
}

// Postgres before 18 sends no generated columns.
member_rows topic_mirror::rows_of_database()
{
    std::vector<oracle_table> tables;
    for (const auto& table : options_.tables) {
        auto columns = session_.scalar(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '" +
            table + "'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''");
        auto member = session_.scalar("SELECT relname FROM pg_class WHERE oid = '" + table + "'::regclass");
        tables.push_back({.table = "(SELECT " + columns + " FROM " + table + ") AS visible", .member = member});
    }
    return read_now(connection_, tables);
}

std::vector<std::string> topic_mirror::rows(const std::string& member) const
{
    auto file = sidecar_.current("snapshot.json");
    if (!std::filesystem::exists(file)) return {};
    return read_document(file).rows.at(member);
}

std::string topic_mirror::lasting_difference(std::chrono::milliseconds patience)
{
    auto expected = rows_of_database();
    std::string found = "nothing is announced";
    std::filesystem::path seen;
    auto equal = [&] {
        auto file = sidecar_.current("snapshot.json");
        if (!std::filesystem::exists(file)) return false;
        auto now = std::filesystem::canonical(file);
        if (now == seen) return false;
        seen = now;
        found = difference(expected, read_document(now).rows);
        return found.empty();
    };
    if (wait_for(equal, patience)) return {};
    return found + explained();
}

json::object topic_mirror::status() const
{
    auto text = read_file(sidecar_.snapshot_directory() / "status.json");
    return text.empty() ? json::object{} : json::parse(text).as_object();
}

json::object topic_mirror::manifest() const
{
    auto text = read_file(sidecar_.current("manifest.json"));
    return text.empty() ? json::object{} : json::parse(text).as_object();
}

std::uint64_t topic_mirror::generation() const
{
    auto now = manifest();
    return now.empty() ? 0 : now.at("generation").to_number<std::uint64_t>();
}

bool topic_mirror::comes_to(const std::string& expected, std::chrono::milliseconds patience) const
{
    return wait_for([&] { return reason() == expected; }, patience);
}

bool topic_mirror::announces_nothing_after(std::uint64_t number, std::chrono::milliseconds time)
{
    return !wait_for([&] { return generation() > number || !sidecar_.running(); }, time);
}

std::size_t topic_mirror::logged(const std::string& text) const
{
    auto all = sidecar_.log();
    std::size_t count = 0;
    for (auto at = all.find(text); at != all.npos; at = all.find(text, at + 1)) ++count;
    return count;
}

std::string topic_mirror::explained() const
{
    auto log = sidecar_.log();
    constexpr std::size_t shown = 3000;
    return "\nstatus: " + read_file(sidecar_.snapshot_directory() / "status.json") +
           "\nlog: " + (log.size() > shown ? log.substr(log.size() - shown) : log);
}

std::string topic_mirror::status_text(const std::string& member) const
{
    auto now = status();
    const auto* value = now.if_contains(member);
    return value == nullptr ? std::string{} : std::string{value->as_string()};
}

}  // namespace understudy::testing
