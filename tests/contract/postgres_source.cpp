#include "contract/postgres_source.hpp"

#include "source/postgres/survey.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace understudy::testing {

namespace {

void rethrow(const std::exception_ptr& thrown)
{
    if (thrown) std::rethrow_exception(thrown);
}

template <class T>
T value_of(outcome<T> got)
{
    if (!got) throw std::runtime_error{got.error().text};
    return std::move(*got);
}

}  // namespace

postgres_source::postgres_source(const std::string& create_table) : sql_{server_.connection_string()}
{
    sql_.exec(create_table);
    sql_.exec("CREATE PUBLICATION understudy FOR TABLE items WITH (publish_via_partition_root = true)");
    auto point = sql_.scalar("SELECT lsn FROM pg_create_logical_replication_slot('understudy', 'pgoutput')");
    start_.position = start_.keepalive = parse_lsn(point).value();
    settings_.postgres.connection = server_.connection_string();
    settings_.tables.push_back({.schema = "public", .name = "items", .columns = {}, .exclude = {}});
    asio::co_spawn(loop_, plan(), rethrow);
    if (!until([this] { return !tables_.empty(); })) throw std::runtime_error{"the table was not planned in time"};
}

postgres_source::~postgres_source()
{
    if (!stream_ || ended_) return;
    stream_->close();
    until([this] { return ended_.has_value(); });
}

asio::awaitable<void> postgres_source::plan()
{
    auto sql = value_of(co_await connect(settings_.postgres, connection_kind::sql));
    auto found = value_of(co_await survey_source(*sql, settings_));
    auto table = value_of(plan_table(found.tables.tables.at(0), found.types));
    table.record.rows = 1;
    tables_.push_back(std::move(table));
}

void postgres_source::write(std::size_t rows)
{
    auto next = next_id_ + rows;
    sql_.exec("INSERT INTO items SELECT i, repeat('x', 50) FROM generate_series(" + std::to_string(next_id_) + ", " +
              std::to_string(next - 1) + ") i");
    next_id_ = next;
}

asio::awaitable<void> postgres_source::run(stored_position from, std::size_t transaction_bytes_max, stream_sink& sink)
{
    auto connection = value_of(co_await connect(settings_.postgres, connection_kind::replication));
    stream_options options;
    options.slot = settings_.postgres.slot;
    options.publication = settings_.postgres.publication;
    options.status_interval = std::chrono::milliseconds{20};
    options.transaction_bytes_max = transaction_bytes_max;
    options.slot_confirmed =
        parse_lsn(sql_.scalar("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'understudy'"))
            .value();
    stream_ = std::make_unique<postgres_stream>(std::move(connection), std::move(options), tables_, from, sink);
    auto started = co_await stream_->start();
    if (!started) {
        ended_ = started.error();
        co_return;
    }
    ended_ = co_await stream_->run();
}

bool postgres_source::slot_is_active()
{
    return sql_.scalar("SELECT active FROM pg_replication_slots WHERE slot_name = 'understudy'") == "t";
}

void postgres_source::follow(const stored_position& from, std::size_t transaction_bytes_max, stream_sink& sink)
{
    // The walsender before may hold the slot for a moment longer than its connection.
    if (!until([this] { return !slot_is_active(); })) throw std::runtime_error{"the slot is still in use"};
    ended_.reset();
    asio::co_spawn(loop_, run(from, transaction_bytes_max, sink), rethrow);
    if (!until([this] { return ended_ || slot_is_active(); })) throw std::runtime_error{"the stream did not start"};
    if (ended_) throw std::runtime_error{ended_->text};
}

void postgres_source::stop()
{
    stream_->close();
    if (!until([this] { return ended_.has_value(); })) throw std::runtime_error{"the stream did not end"};
    stream_.reset();
}

std::string postgres_source::last_heard()
{
    return sql_.scalar("SELECT coalesce(max(reply_time)::text, '') FROM pg_stat_replication "
                       "WHERE application_name = 'understudy'");
}

}  // namespace understudy::testing
