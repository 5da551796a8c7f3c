#include "contract/postgres_upstream.hpp"

#include "app/postgres_session.hpp"

#include <iterator>
#include <sstream>

namespace understudy::testing {

postgres_upstream::postgres_upstream()
{
    sql_.emplace(server_.connection_string());
    sql_->exec("CREATE TABLE items (id int PRIMARY KEY, body text)");
}

settings postgres_upstream::wanted() const
{
    settings made;
    made.postgres.connection = server_.connection_string();
    made.tables.push_back({.schema = "public", .name = "items", .columns = {}, .exclude = {}});
    return made;
}

std::shared_ptr<source_session> postgres_upstream::session(const settings& wanted, store_writer& writer,
                                                           daemon_state& state, source_session::callbacks notify) const
{
    return std::make_shared<postgres_session>(wanted, writer, state, std::move(notify));
}

void postgres_upstream::insert(std::size_t count)
{
    for (std::size_t added = 0; added < count; ++added, ++next_)
        sql_->exec("INSERT INTO items VALUES (" + std::to_string(next_) + ", '" + body_of(next_) + "')");
}

void postgres_upstream::update(const std::string& body)
{
    sql_->exec("UPDATE items SET body = '" + body_of(next_++) + "' WHERE body = '" + body + "'");
}

void postgres_upstream::remove(const std::string& body)
{
    sql_->exec("DELETE FROM items WHERE body = '" + body + "'");
}

std::set<std::string> postgres_upstream::bodies()
{
    std::istringstream all{sql_->scalar("SELECT coalesce(string_agg(body, ' '), '') FROM items")};
    return {std::istream_iterator<std::string>{all}, {}};
}

void postgres_upstream::stop()
{
    sql_.reset();
    server_.kill_postmaster();
}

void postgres_upstream::start()
{
    server_.start();
    sql_.emplace(server_.connection_string());
}

settings postgres_upstream::unreachable(settings wanted) const
{
    wanted.postgres.connection = "host=127.0.0.1 port=1 dbname=postgres user=postgres";
    return wanted;
}

bool postgres_upstream::knows(const stored_position& durable)
{
    auto confirmed =
        sql_->scalar("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'understudy'");
    return parse_lsn(confirmed).value() >= durable.acknowledged();
}

}  // namespace understudy::testing
