#include "source/postgres/connection_options.hpp"

#include "core/limits.hpp"
#include "source/postgres/handles.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace understudy {

namespace {

// Timeouts of the role must not end a copy, and its read-only default must not keep us from making what is missing;
// row_security=off turns a silent row filter into an error. With jit a server takes a second to compile our look at the
// catalog of 100 tables, each time. search_path is what names of objects are printed under.
constexpr std::string_view session_settings =
    "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex "
    "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 -c row_security=off "
    "-c jit=off -c search_path=\"$user\",public -c default_transaction_read_only=off "
    "-c default_transaction_isolation=read\\ committed";

// Functions of the catalog lock the tables that they are asked about. Behind an ALTER TABLE that waits for a copy of
// ours, such a question would wait for ourselves, and everybody else behind it. A walsender waits as long as it takes:
// its new slot needs the end of every running transaction.
std::string_view lock_timeout_of(connection_kind kind) noexcept
{
    return kind == connection_kind::sql ? " -c lock_timeout=2s" : " -c lock_timeout=0";
}

std::string* value_of(connection_options& options, std::string_view keyword)
{
    auto found = std::find_if(options.begin(), options.end(), [&](auto& pair) { return pair.first == keyword; });
    return found == options.end() ? nullptr : &found->second;
}

void set(connection_options& options, std::string_view keyword, std::string value)
{
    if (auto* old = value_of(options, keyword))
        *old = std::move(value);
    else
        options.emplace_back(keyword, std::move(value));
}

void set_default(connection_options& options, std::string_view keyword, std::string_view value)
{
    if (!value_of(options, keyword)) options.emplace_back(keyword, value);
}

}  // namespace

outcome<connection_options> make_connection_options(const std::string& connection, connection_kind kind,
                                                    const std::string& application_name)
{
    char* message = nullptr;
    pg_options_handle parsed{PQconninfoParse(connection.c_str(), &message)};
    pg_memory_handle message_owner{message};
    if (!parsed)
        return failure{errc::bad_config, "source.postgres.connection is not a libpq connection string or URI; see "
                                         "https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING"};

    connection_options options;
    for (auto* option = parsed.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) options.emplace_back(option->keyword, option->val);

    const auto* own = value_of(options, "options");
    auto ours = std::string{session_settings}.append(lock_timeout_of(kind));
    set(options, "options", own ? *own + " " + ours : ours);
    set(options, "client_encoding", "UTF8");
    set(options, "application_name", application_name);
    if (kind == connection_kind::replication) set(options, "replication", "database");
    set_default(options, "keepalives_idle", "30");
    set_default(options, "keepalives_interval", "10");
    set_default(options, "keepalives_count", "3");
    set_default(options, "tcp_user_timeout", "60000");
    set_default(options, "target_session_attrs", "read-write");
    return options;
}

namespace {

std::vector<std::string> split(std::string_view list)
{
    std::vector<std::string> parts;
    for (;;) {
        auto comma = std::min(list.find(','), list.size());
        parts.emplace_back(list.substr(0, comma));
        if (comma == list.size()) return parts;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace

std::vector<connection_options> one_per_host(const connection_options& options)
{
    constexpr std::string_view lists[] = {"host", "hostaddr", "port"};
    auto parts_of = [&](std::string_view keyword) {
        auto found = std::find_if(options.begin(), options.end(), [&](auto& pair) { return pair.first == keyword; });
        return found == options.end() ? std::vector<std::string>{} : split(found->second);
    };
    auto count = std::max(parts_of("host").size(), parts_of("hostaddr").size());
    if (count < 2) return {options};
    std::vector<connection_options> each(count, options);
    for (auto keyword : lists) {
        auto parts = parts_of(keyword);
        if (parts.size() < 2) continue;  // one for all
        if (parts.size() != count) return {options};
        for (std::size_t i = 0; i < count; ++i) set(each[i], keyword, parts[i]);
    }
    return each;
}

std::chrono::milliseconds connect_timeout_of(const connection_options& options)
{
    for (const auto& [keyword, value] : options) {
        if (keyword != "connect_timeout") continue;
        int seconds = 0;
        auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), seconds);
        // As libpq: zero and less wait for ever, which we never do, and one second is too short.
        if (ec == std::errc{} && seconds > 0) return std::chrono::seconds{std::max(seconds, 2)};
    }
    return limits::connect_timeout;
}

}  // namespace understudy
