#include "support/connect_worker.hpp"

#include "support/free_port.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace understudy::testing {

namespace json = boost::json;

namespace {

constexpr auto start_deadline = std::chrono::minutes{1};
constexpr int heap_mb = 384;

std::string joined(const std::vector<std::string>& parts)
{
    std::string text;
    for (const auto& part : parts) text.append(text.empty() ? "" : ",").append(part);
    return text;
}

std::string text_of(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

}  // namespace

void create_publication(const postgres_server& server, const capture& what)
{
    sql_session{server.connection_string("postgres", what.database)}.exec(
        "CREATE PUBLICATION " + what.prefix + " FOR TABLE " + joined(what.tables) +
        " WITH (publish = 'insert, update, delete', publish_via_partition_root = true)");
}

connector_properties recommended_connector(const postgres_server& server, const capture& what)
{
    auto properties = read_properties(UNDERSTUDY_CONNECTOR_PROPERTIES);
    properties.insert_or_assign("topic.prefix", what.prefix);
    properties.insert_or_assign("slot.name", what.prefix);
    properties.insert_or_assign("publication.name", what.prefix);
    properties.insert_or_assign("topic.creation.transaction.include", what.prefix + "[.]transaction");
    properties.insert_or_assign("table.include.list", joined(what.tables));
    properties.insert_or_assign("database.hostname", "127.0.0.1");
    properties.insert_or_assign("database.port", std::to_string(server.port()));
    properties.insert_or_assign("database.user", "postgres");
    properties.insert_or_assign("database.dbname", what.database);
    return properties;
}

connect_worker::connect_worker(std::string bootstrap, worker_options options)
    : port_{free_port()},
      program_{directory_.path(),
               {.main_class = "org.apache.kafka.connect.cli.ConnectStandalone",
                .arguments = {directory_ / "worker.properties"},
                .heap_mb = heap_mb}}
{
    configure(bootstrap, options.properties);
    start();
}

/// https://kafka.apache.org/documentation/#connectconfigs
void connect_worker::configure(const std::string& bootstrap, const java_properties& more)
{
    auto properties = more;
    properties.merge(java_properties{
        {"bootstrap.servers", bootstrap},
        {"listeners", "http://127.0.0.1:" + std::to_string(port_)},
        {"key.converter", "org.apache.kafka.connect.json.JsonConverter"},
        {"value.converter", "org.apache.kafka.connect.json.JsonConverter"},
        {"offset.storage.file.filename", (directory_ / "offsets").string()},
        {"offset.flush.interval.ms", "1000"},
        // Everything is on the class path; without looking through it the start takes half as long.
        {"plugin.discovery", "service_load"},
    });
    write_file(directory_ / "worker.properties", properties_text(properties));
}

void connect_worker::start()
{
    program_.start();
    bool settled = wait_for([this] { return answers() || !running(); }, start_deadline);
    if (!settled || !running()) throw std::runtime_error{"Connect did not start:\n" + program_.log_end()};
    for (const auto& [name, properties] : connectors_) submit_connector(name, properties);
    for (const auto& [name, properties] : connectors_) wait_until_running(name);
}

void connect_worker::restart()
{
    stop();
    start();
}

bool connect_worker::answers()
{
    try {
        return http_client{static_cast<std::uint16_t>(port_)}.get("/connectors").status == 200;
    } catch (const std::runtime_error&) {
        return false;
    }
}

http_reply connect_worker::ask(const std::string& method, const std::string& target, const std::string& json)
{
    return http_client{static_cast<std::uint16_t>(port_)}.send(method, target, json);
}

void connect_worker::submit_connector(const std::string& name, const connector_properties& properties)
{
    auto reply = ask("PUT", "/connectors/" + name + "/config", json::serialize(json::value_from(properties)));
    if (reply.status / 100 != 2) throw std::runtime_error{"Connect refused " + name + ": " + reply.body};
    ask("PUT", "/connectors/" + name + "/resume");
}

void connect_worker::put_connector(const std::string& name, const connector_properties& properties)
{
    submit_connector(name, properties);
    connectors_.insert_or_assign(name, properties);
    wait_until_running(name);
}

void connect_worker::wait_until_running(const std::string& connector)
{
    task_status found;
    auto settled = [&] {
        found = status(connector);
        return found.state == "RUNNING" || found.state == "FAILED" || !running();
    };
    if (!wait_for(settled, start_deadline) || found.state != "RUNNING")
        throw std::runtime_error{connector + " does not run: " + found.state + "\n" + found.trace + program_.log_end()};
}

/// https://kafka.apache.org/documentation/#connect_rest
task_status connect_worker::status(const std::string& connector)
{
    auto reply = ask("GET", "/connectors/" + connector + "/status");
    if (reply.status != 200) return {};
    auto all = json::parse(reply.body).as_object();
    const auto& tasks = all.at("tasks").as_array();
    const auto& connector_itself = all.at("connector").as_object();
    if (tasks.empty() && text_of(connector_itself, "state") != "FAILED") return {};
    const auto& part = tasks.empty() ? connector_itself : tasks.front().as_object();
    return {.state = text_of(part, "state"), .trace = text_of(part, "trace")};
}

void connect_worker::restart_task(const std::string& connector)
{
    ask("POST", "/connectors/" + connector + "/tasks/0/restart");
}

void connect_worker::stop_connector(const std::string& name)
{
    ask("PUT", "/connectors/" + name + "/stop");
    auto stopped = [&] { return status(name).state.empty(); };
    if (!wait_for(stopped, start_deadline)) throw std::runtime_error{name + " did not stop:\n" + program_.log_end()};
    connectors_.erase(name);
}

void connect_worker::delete_connector(const std::string& name)
{
    ask("DELETE", "/connectors/" + name);
    auto gone = [&] { return ask("GET", "/connectors/" + name).status == 404; };
    if (!wait_for(gone, start_deadline)) throw std::runtime_error{name + " was not deleted:\n" + program_.log_end()};
    connectors_.erase(name);
}

void connect_worker::forget_offsets(const std::string& connector)
{
    stop_connector(connector);
    http_reply reply;
    auto forgotten = [&] {
        reply = ask("DELETE", "/connectors/" + connector + "/offsets");
        return reply.status == 200;
    };
    if (!wait_for(forgotten)) throw std::runtime_error{"offsets of " + connector + ": " + reply.body};
}

}  // namespace understudy::testing
