#pragma once

#include <boost/test/unit_test.hpp>

#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace understudy::store_kit {

/// Runs `work` in a child process and returns its wait status: a crash there is a fact here.
inline int in_child(const std::function<int()>& work)
{
    auto child = ::fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        for (int crash : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) ::signal(crash, SIG_DFL);
        ::_exit(work());
    }
    int status = 0;
    BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace understudy::store_kit
