#include "app/commands.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/run_alone.hpp"
#include "source/postgres/continuity.hpp"
#include "source/postgres/survey.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <iostream>

namespace understudy {

namespace {

/// What was there before; `exists` says whether anything was dropped.
asio::awaitable<outcome<slot_facts>> find_and_drop(const settings& wanted)
{
    auto sql = co_await connect(wanted.postgres, connection_kind::sql);
    if (!sql) co_return sql.error();
    auto server = co_await read_server(**sql);
    if (!server) co_return server.error();
    auto slot = co_await read_slot(**sql, wanted.postgres.slot);
    if (!slot || !slot->exists) co_return std::move(slot);
    auto ours = check_slot_is_ours(*slot, wanted.postgres.slot, server->database);
    if (!ours) co_return ours.error();
    if (slot->active_pid != 0)
        co_return failure{errc::slot_busy,
                          fmt::format("somebody streams from slot {} (pid {} on the server): stop that sidecar first",
                                      wanted.postgres.slot, slot->active_pid)};
    auto dropped = co_await drop_slot(**sql, wanted.postgres.slot);
    if (!dropped) co_return dropped.error();
    co_return std::move(slot);
}

}  // namespace

int drop_slot_command(const command_options& options)
{
    auto config = load_for_command(options, secrets::needed);
    if (!config) return 2;
    if (config->values.kafka.is_on())
        return report_failure({errc::usage, "this sidecar follows Kafka and has no slot; the connector has one"});
    auto slot = run_alone(find_and_drop(config->values));
    if (!slot) return report_failure(slot.error());
    const auto& name = config->values.postgres.slot;
    if (options.json)
        write_json(std::cout, boost::json::object{{"slot", name}, {"dropped", slot->exists}});
    else if (slot->exists)
        std::cout << fmt::format("slot {} is dropped; it held back {} bytes of WAL\n", name, slot->retained_bytes);
    else
        std::cout << fmt::format("there is no slot {}\n", name);
    return finish_output(0);
}

}  // namespace understudy
