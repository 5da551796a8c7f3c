#include "integration/reads/loopback_mirror.hpp"

#include "support/waiting.hpp"

#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;

postgres_server& started(postgres_server& server, const std::string& schema)
{
    server.start();
    sql_session{server.connection_string()}.exec(
        "CREATE SCHEMA test; CREATE TABLE test.marker (id int PRIMARY KEY, count bigint NOT NULL);"
        "INSERT INTO test.marker VALUES (1, 0);" +
        schema);
    return server;
}

sidecar_options options_of(postgres_server& server, std::vector<std::string> tables, const std::string& listen,
                           const std::string& serve)
{
    sidecar_options options{.connection = server.connection_string(), .tables = std::move(tables)};
    options.tables.push_back("test.marker");
    options.more = "cadence:\n  min_interval: 20ms\ncommit:\n  max_delay: 20ms\nstatus:\n  heartbeat: 100ms\n"
                   "serve:\n  listen: [" +
                   listen + "]\n" + serve;
    return options;
}

}  // namespace

std::uint16_t free_loopback_port()
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool found = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                 ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(probe);
    if (!found) throw std::runtime_error{"no free port"};
    return ntohs(address.sin_port);
}

loopback_mirror::loopback_mirror(const std::string& schema, const std::vector<std::string>& tables,
                                 const std::string& serve)
    : port_{free_loopback_port()},
      sql_{started(server_, schema).connection_string()},
      sidecar_{options_of(server_, tables, "unix:" + socket().string() + ", 127.0.0.1:" + std::to_string(port_), serve)}
{
    sql_->exec("SET timezone = 'UTC'");
}

http_reply loopback_mirror::get(const std::string& target, const std::string& headers) const
{
    auto client = connect();
    client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n");
    return client.read_reply(30s).value_or(http_reply{});
}

void loopback_mirror::start()
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

void loopback_mirror::settle()
{
    auto count = sql_->scalar("UPDATE test.marker SET count = count + 1 RETURNING count");
    auto wanted = "[{\"id\":1,\"count\":" + count + "}]";
    if (!wait_for([&] { return get("/test.marker").body == wanted || !sidecar_.running(); }, 60s) ||
        !sidecar_.running())
        throw std::runtime_error{"what was committed is not served: " + sidecar_.log()};
}

}  // namespace understudy::testing
