#include "app/loaded_config.hpp"

#include "app/clean_text.hpp"
#include "app/logging.hpp"
#include "core/remedy.hpp"

#include <iostream>

namespace understudy {

load_result load_for_command(const command_options& options, secrets wanted)
{
    auto loaded = load(options.config, process_environment(), wanted);
    if (loaded)
        configure_logging(loaded->values.log);
    else
        for (const auto& error : loaded.error().errors) std::cerr << clean_text(to_string(error)) << '\n';
    return loaded;
}

int report_failure(const failure& why)
{
    std::cerr << "understudy: " << name_of(why.code) << ": " << clean_text(why.text) << '\n';
    return exit_status_for(why.code);
}

}  // namespace understudy
