#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/pause_marker.hpp"
#include "core/limits.hpp"
#include "store/directory_lock.hpp"

#include <boost/json/object.hpp>

#include <iostream>

namespace understudy {

namespace {

namespace json = boost::json;

outcome<json::object> resume_without_daemon(const std::filesystem::path& state_directory)
{
    auto alone = directory_lock::take(state_directory);
    if (!alone) return alone.error();
    bool paused = read_pause(state_directory).has_value();
    if (auto removed = remove_pause(state_directory); !removed) return removed.error();
    return json::object{{"ok", true}, {"was_paused", paused}};
}

outcome<json::object> resume(const std::filesystem::path& state_directory)
{
    auto daemon = daemon_connection::open(state_directory);
    if (!daemon) return resume_without_daemon(state_directory);
    return daemon->ask({{"do", "resume"}}, limits::publish_timeout);
}

}  // namespace

int resume_command(const command_options& options)
{
    auto config = load_for_command(options, secrets::unneeded);
    if (!config) return 2;
    auto answer = resume(config->values.state_directory);
    if (!answer) return report_failure(answer.error());
    if (options.json)
        write_json(std::cout, *answer);
    else
        std::cout << (answer->at("was_paused").as_bool() ? "publishing goes on\n" : "publishing was not paused\n");
    return finish_output(0);
}

}  // namespace understudy
