#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/pause_marker.hpp"
#include "core/limits.hpp"
#include "store/directory_lock.hpp"

#include <boost/json/object.hpp>

#include <cstdlib>
#include <iostream>

#include <pwd.h>
#include <unistd.h>

namespace understudy {

namespace {

namespace json = boost::json;

std::string who_asks()
{
    if (const auto* person = std::getenv("SUDO_USER"); person != nullptr && *person != '\0') return person;
    const auto* user = ::getpwuid(::getuid());
    return user != nullptr ? user->pw_name : "uid " + std::to_string(::getuid());
}

// With no daemon there is nobody to ask, and the next one finds the marker.
outcome<json::object> pause_without_daemon(const std::filesystem::path& state_directory, const pause_facts& asked)
{
    auto alone = directory_lock::take(state_directory);
    if (!alone) return alone.error();
    auto before = read_pause(state_directory);
    if (!before)
        if (auto written = write_pause(state_directory, asked); !written) return written.error();
    return json::object{{"ok", true}, {"already", before.has_value()}, {"text", describe(before ? *before : asked)}};
}

outcome<json::object> pause(const std::filesystem::path& state_directory, const pause_facts& asked)
{
    auto daemon = daemon_connection::open(state_directory);
    if (!daemon) return pause_without_daemon(state_directory, asked);
    return daemon->ask({{"do", "pause"}, {"by", asked.by}, {"reason", asked.reason}}, limits::publish_timeout);
}

}  // namespace

int pause_command(const command_options& options)
{
    auto config = load_for_command(options, secrets::unneeded);
    if (!config) return 2;
    if (options.reason.size() > limits::pause_text_bytes_max)
        return report_failure({errc::usage, "the reason is too long for one sentence"});
    auto answer = pause(config->values.state_directory, {std::chrono::system_clock::now(), who_asks(), options.reason});
    if (!answer) return report_failure(answer.error());
    if (options.json)
        write_json(std::cout, *answer);
    else
        std::cout << (answer->at("already").as_bool() ? "already so: " : "") << answer->at("text").as_string().c_str()
                  << '\n';
    return finish_output(0);
}

}  // namespace understudy
