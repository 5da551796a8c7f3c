#include "flow/beside.hpp"

#include "support/child_process.hpp"

#include <stdexcept>

namespace understudy::testing {

int run_beside(const mirror& sidecar, const std::string& command, const std::vector<std::string>& options)
{
    auto program = std::filesystem::read_symlink("/proc/" + std::to_string(sidecar.pid()) + "/exe");
    auto config = sidecar.config_file();
    std::vector<std::string> words{program, command, "--config", config};
    words.insert(words.end(), options.begin(), options.end());
    child_process process{{.command = words, .output = config.parent_path() / "log"}};
    auto status = process.wait(std::chrono::minutes{1});
    if (!status) throw std::runtime_error{"understudy " + command + " did not end"};
    return *status;
}

}  // namespace understudy::testing
