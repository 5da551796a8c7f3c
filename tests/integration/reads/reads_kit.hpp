#pragma once

#include "support/files.hpp"
#include "support/http_client.hpp"
#include "support/postgres_server.hpp"
#include "support/printing.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::testing {

/// A server with tables, and a sidecar that answers reads of them on a unix socket. Everything happens soon.
class served_mirror {
public:
    /// `tables` are mirrored; `serve` is more YAML for the section, each line with two spaces in front.
    served_mirror(const std::string& schema, std::vector<std::string> tables, const std::string& serve = {},
                  server_options options = {})
        : served_mirror{{}, schema, std::move(tables), serve, std::move(options)}
    {
    }

    /// Starts `run` and waits until a generation can be read.
    void start();

    /// Waits until what is committed now is announced and served.
    void settle();

    http_reply get(const std::string& target, const http_headers& headers = {})
    {
        return connect().get(target, headers);
    }
    http_client connect() const { return http_client{socket()}; }
    std::filesystem::path socket() const { return home_.path() / "http"; }
    const std::filesystem::path& home() const { return home_.path(); }

    sql_session& sql() { return *sql_; }
    void reconnect_sql() { sql_.emplace(server_.connection_string()); }
    postgres_server& server() noexcept { return server_; }
    sidecar_process& sidecar() noexcept { return sidecar_; }
    boost::json::object status() { return object(get("/status.json").body); }

    static boost::json::object object(const std::string& text);

protected:
    /// Listens there, too, if `address` is not empty.
    served_mirror(const std::string& address, const std::string& schema, std::vector<std::string> tables,
                  const std::string& serve, server_options options);

private:
    temp_directory home_;
    postgres_server server_;
    std::optional<sql_session> sql_;
    sidecar_process sidecar_;
};

}  // namespace understudy::testing
