#include "app/exit_on_signal.hpp"

#include <csignal>
#include <initializer_list>

#include <unistd.h>

namespace understudy {

namespace {

volatile std::sig_atomic_t exit_status = 0;

}  // namespace

void exit_on_signal(int status)
{
    exit_status = status;
    for (int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { ::_exit(exit_status); });
}

}  // namespace understudy
