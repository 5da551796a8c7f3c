#include "support/sidecar_process.hpp"

#include <unistd.h>

#include <sstream>
#include <stdexcept>
#include <utility>

namespace understudy::testing {

namespace fs = std::filesystem;

namespace {

/// As a double-quoted YAML scalar.
std::string quoted(const std::string& text)
{
    std::string out = "\"";
    for (char byte : text) {
        if (byte == '"' || byte == '\\') out += '\\';
        out += byte;
    }
    return out + "\"";
}

/// A line such as `RssAnon:   12 kB` of /proc/<pid>/status, in bytes.
/// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
std::uint64_t bytes_in(const std::string& status, const std::string& name)
{
    auto line = status.find(name + ":");
    if (line == status.npos) throw std::runtime_error{"the process has ended"};
    return std::stoull(status.substr(line + name.size() + 1)) * 1024;
}

}  // namespace

sidecar_process::sidecar_process(const sidecar_options& options)
{
    fs::create_directory(state_directory());
    fs::create_directory(snapshot_directory());
    auto source = options.source;
    if (source.empty()) source = "  postgres:\n    connection: " + quoted(options.connection) + "\n";
    std::string config = "source:\n" + source + "tables:\n";
    for (const auto& table : options.tables) config += "  - " + table + "\n";
    config += "state:\n  directory: " + state_directory().string() +
              "\nsnapshot:\n  directory: " + snapshot_directory().string() + "\n";
    write_file(config_file(), config + options.more);
}

void sidecar_process::start(const std::string& command, const std::vector<std::string>& arguments)
{
    child_options options{.command = {UNDERSTUDY_PROGRAM, command, "--config", config_file()},
                          .output = home_ / "log",
                          .environment = environment_};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    process_ = std::make_unique<child_process>(options);
}

int sidecar_process::run(const std::string& command, const std::vector<std::string>& arguments,
                         std::chrono::milliseconds deadline)
{
    start(command, arguments);
    auto status = wait(deadline);
    if (!status) throw std::runtime_error{"understudy " + command + " did not end:\n" + log()};
    return *status;
}

int sidecar_process::run_beside(const std::string& command, const std::vector<std::string>& arguments) const
{
    // The program as it was started: a test may have put another one in its place.
    auto program = fs::read_symlink("/proc/" + std::to_string(pid()) + "/exe");
    child_options options{.command = {program, command, "--config", config_file()}, .output = home_ / "log"};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    child_process beside{options};
    auto status = beside.wait(std::chrono::minutes{1});
    if (!status) throw std::runtime_error{"understudy " + command + " did not end:\n" + log()};
    return *status;
}

void sidecar_process::set_environment(const std::string& name, const std::string& value)
{
    std::erase_if(environment_, [&](const auto& entry) { return entry.first == name; });
    environment_.emplace_back(name, value);
}

memory_use sidecar_process::memory() const
{
    auto status = read_file("/proc/" + std::to_string(process_->pid()) + "/status");
    return {.resident_bytes = bytes_in(status, "VmRSS"), .anonymous_bytes = bytes_in(status, "RssAnon")};
}

std::chrono::milliseconds sidecar_process::cpu_time() const
{
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime are fields 14 and 15, and field
    // 3 is the first one behind the program's name, which can hold spaces.
    auto stat = read_file("/proc/" + std::to_string(process_->pid()) + "/stat");
    std::istringstream fields{stat.substr(stat.rfind(')') + 1)};
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    long user = 0;
    long system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds{(user + system) * 1000 / sysconf(_SC_CLK_TCK)};
}

}  // namespace understudy::testing
