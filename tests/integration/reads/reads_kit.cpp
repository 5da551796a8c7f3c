#include "integration/reads/reads_kit.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <stdexcept>

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;

const std::string quick = "cadence:\n  min_interval: 20ms\ncommit:\n  max_delay: 20ms\nstatus:\n  heartbeat: 100ms\n";

sidecar_options options_of(postgres_server& server, std::vector<std::string> tables, const std::string& listen,
                           const std::string& serve)
{
    sidecar_options options{.connection = server.connection_string(), .tables = std::move(tables)};
    options.tables.push_back("test.marker");
    options.more = quick + "serve:\n  listen: [" + listen + "]\n" + serve;
    return options;
}

postgres_server& started(postgres_server& server, const std::string& schema)
{
    server.start();
    sql_session{server.connection_string()}.exec(
        "CREATE SCHEMA test; CREATE TABLE test.marker (id int PRIMARY KEY, count bigint NOT NULL);"
        "INSERT INTO test.marker VALUES (1, 0);" +
        schema);
    return server;
}

}  // namespace

served_mirror::served_mirror(const std::string& address, const std::string& schema, std::vector<std::string> tables,
                             const std::string& serve, server_options options)
    : server_{std::move(options)},
      sql_{started(server_, schema).connection_string()},
      sidecar_{options_of(server_, std::move(tables),
                          "unix:" + socket().string() + (address.empty() ? "" : ", " + address), serve)}
{
    sql_->exec("SET timezone = 'UTC'");
}

void served_mirror::start()
{
    sidecar_.start();
    auto ready = [this] {
        try {
            return get("/readyz").status == 200;
        } catch (const std::exception&) {
            return !sidecar_.running();
        }
    };
    if (!wait_for(ready, 60s) || !sidecar_.running()) throw std::runtime_error{"nothing is served: " + sidecar_.log()};
}

void served_mirror::settle()
{
    auto count = sql_->scalar("UPDATE test.marker SET count = count + 1 RETURNING count");
    auto wanted = "[{\"id\":1,\"count\":" + count + "}]";
    if (!wait_for([&] { return get("/test.marker").body == wanted || !sidecar_.running(); }, 60s) ||
        !sidecar_.running())
        throw std::runtime_error{"what was committed is not served: " + sidecar_.log()};
}

boost::json::object served_mirror::object(const std::string& text)
{
    return boost::json::parse(text).as_object();
}

}  // namespace understudy::testing
