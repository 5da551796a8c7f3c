#include "integration/examples/line_process.hpp"

#include "support/waiting.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace understudy::testing {

// Opened for both, so that neither side waits for the other and the program never sees an end.
line_process::line_process(const std::vector<std::string>& command)
{
    auto pipe = home_ / "input";
    if (mkfifo(pipe.c_str(), 0600) == 0) input_ = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
    if (input_ < 0) throw std::system_error{errno, std::generic_category(), pipe};
    child_options options{.command = {"/bin/sh", "-c", "exec \"$@\" <\"$0\"", pipe}, .output = home_ / "output"};
    options.command.insert(options.command.end(), command.begin(), command.end());
    process_ = std::make_unique<child_process>(options);
}

line_process::~line_process()
{
    process_.reset();
    close(input_);
}

std::string line_process::ask(const std::string& line)
{
    auto text = line + "\n";
    if (write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::system_error{errno, std::generic_category(), "cannot ask"};
    auto end = std::string::npos;
    auto answered = [&] {
        end = output().find('\n', read_bytes_);
        return end != std::string::npos || !process_->running();
    };
    if (!wait_for(answered, std::chrono::minutes{1}) || end == std::string::npos)
        throw std::runtime_error{"no answer:\n" + output()};
    auto answer = output().substr(read_bytes_, end - read_bytes_);
    read_bytes_ = end + 1;
    return answer;
}

}  // namespace understudy::testing
