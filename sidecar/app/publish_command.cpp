#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "core/limits.hpp"

#include <iostream>

namespace understudy {

int publish_command(const command_options& options)
{
    auto config = load_for_command(options, secrets::unneeded);
    if (!config) return 2;
    auto daemon = daemon_connection::open(config->values.state_directory);
    if (!daemon) return report_failure(daemon.error());
    auto answer = daemon->ask({{"do", "publish"}}, limits::publish_timeout);
    if (!answer) return report_failure(answer.error());
    if (options.json)
        write_json(std::cout, *answer);
    else
        std::cout << "generation " << answer->at("generation") << " at " << answer->at("position").as_string().c_str()
                  << '\n';
    return finish_output(0);
}

}  // namespace understudy
