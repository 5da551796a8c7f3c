#include "support/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace understudy::testing {

namespace {

/// What the child needs, made before fork: between fork and exec nothing may allocate.
class exec_plan {
public:
    explicit exec_plan(const child_options& options) : command_{options.command}, run_as_{options.run_as}
    {
        std::map<std::string, std::string> merged;
        for (auto* entry = environ; *entry != nullptr; ++entry) {
            std::string_view text{*entry};
            auto equals = text.find('=');
            if (equals != text.npos) merged.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
        for (const auto& [name, value] : options.environment) merged.insert_or_assign(name, value);
        for (const auto& [name, value] : merged) environment_.push_back(std::string{name}.append("=").append(value));
        arguments_ = pointers_to(command_);
        variables_ = pointers_to(environment_);
    }

    [[noreturn]] void become(int output) noexcept
    {
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        setpgid(0, 0);  // Ctrl-C ends the test, which then ends its children in order
        if (take_user() && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
            execve(arguments_[0], arguments_.data(), variables_.data());
        _exit(127);
    }

private:
    static std::vector<char*> pointers_to(std::vector<std::string>& texts)
    {
        std::vector<char*> pointers;
        pointers.reserve(texts.size() + 1);
        for (auto& text : texts) pointers.push_back(text.data());
        pointers.push_back(nullptr);
        return pointers;
    }

    bool take_user() const noexcept
    {
        if (!run_as_) return true;
        return setgroups(0, nullptr) == 0 && setgid(run_as_->gid) == 0 && setuid(run_as_->uid) == 0;
    }

    std::vector<std::string> command_;
    std::vector<std::string> environment_;
    std::optional<os_user> run_as_;
    std::vector<char*> arguments_;
    std::vector<char*> variables_;
};

int open_output(const std::filesystem::path& path)
{
    int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) throw std::system_error{errno, std::generic_category(), path};
    return file;
}

/// The header of glibc 2.36 declares pidfd_open for C only.
int open_pidfd(pid_t pid)
{
    return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace

child_process::child_process(const child_options& options)
{
    exec_plan plan{options};
    int output = open_output(options.output);
    pid_ = fork();
    if (pid_ == 0) plan.become(output);
    close(output);
    if (pid_ > 0) pidfd_ = open_pidfd(pid_);
    if (pidfd_ < 0) throw std::system_error{errno, std::generic_category(), "cannot start " + options.command[0]};
}

child_process::~child_process()
{
    signal(SIGKILL);
    wait(std::chrono::seconds{10});
    close(pidfd_);
}

void child_process::signal(int number) noexcept
{
    // Not reaped yet, so the number cannot belong to anybody else.
    if (!status_) kill(pid_, number);
}

std::optional<int> child_process::wait(std::chrono::milliseconds deadline)
{
    if (status_) return status_;
    pollfd ended{.fd = pidfd_, .events = POLLIN, .revents = 0};
    if (poll(&ended, 1, static_cast<int>(deadline.count())) <= 0) return std::nullopt;
    int status = 0;
    waitpid(pid_, &status, 0);
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return status_;
}

void run_program(child_options options, std::chrono::milliseconds deadline)
{
    temp_directory scratch;
    if (options.output.empty()) options.output = scratch / "output";
    child_process program{options};
    if (program.wait(deadline) == 0) return;
    throw std::runtime_error{options.command[0] + " failed: " + read_file(options.output)};
}

}  // namespace understudy::testing
