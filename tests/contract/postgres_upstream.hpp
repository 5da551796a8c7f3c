#pragma once

#include "contract/upstream.hpp"
#include "support/postgres_server.hpp"
#include "support/sql.hpp"

#include <optional>

namespace understudy::testing {

/// A database of its own.
class postgres_upstream {
public:
    static constexpr errc absent_table = errc::table_missing;

    postgres_upstream();

    settings wanted() const;
    std::shared_ptr<source_session> session(const settings& wanted, store_writer& writer, daemon_state& state,
                                            source_session::callbacks notify) const;
    void insert(std::size_t count);
    void update(const std::string& body);
    void remove(const std::string& body);
    std::set<std::string> bodies();
    void stop();
    void start();
    settings unreachable(settings wanted) const;
    bool knows(const stored_position& durable);

private:
    postgres_server server_;
    std::optional<sql_session> sql_;
    std::size_t next_ = 1;
};

static_assert(upstream<postgres_upstream>);

}  // namespace understudy::testing
