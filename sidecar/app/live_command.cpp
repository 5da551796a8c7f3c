#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "core/limits.hpp"

#include <iostream>

namespace understudy {

namespace {

/// The daemon's event loop itself has to answer.
outcome<void> ask_the_loop(const settings& wanted)
{
    auto daemon = daemon_connection::open(wanted.state_directory);
    if (!daemon) return daemon.error();
    auto answer = daemon->ask({{"do", "live"}}, limits::live_timeout);
    if (!answer) return answer.error();
    return boost::system::in_place_value;
}

}  // namespace

int live_command(const command_options& options)
{
    auto config = load_for_command(options, secrets::unneeded);
    if (!config) return 2;
    auto answered = ask_the_loop(config->values);
    std::string text = answered ? "the daemon's loop moves" : answered.error().text;
    if (options.json)
        write_json(std::cout, {{"live", answered.has_value()}, {"text", text}});
    else
        std::cout << (answered ? "live: " : "not live: ") << text << '\n';
    return finish_output(answered ? 0 : 1);
}

}  // namespace understudy
