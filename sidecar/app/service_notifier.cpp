#include "app/service_notifier.hpp"

#include "app/clean_text.hpp"
#include "core/limits.hpp"

#include <fmt/format.h>

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <time.h>

namespace understudy {

namespace {

using std::chrono::microseconds;

// What systemd compares with the time of its own request to read the config again.
std::uint64_t monotonic_us() noexcept
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

}  // namespace

service_notifier::service_notifier()
{
    const char* socket = std::getenv("NOTIFY_SOCKET");
    heard_ = socket != nullptr && *socket != '\0';
    std::uint64_t limit_us = 0;
    if (heard_ && ::sd_watchdog_enabled(0, &limit_us) > 0) watchdog_ = microseconds{limit_us};
}

microseconds service_notifier::interval() const noexcept
{
    microseconds longest = limits::sign_of_life_max;
    return watchdog_ ? std::min(*watchdog_ / 4, longest) : longest;
}

void service_notifier::ready() const noexcept
{
    say("READY=1");
}

void service_notifier::alive() const noexcept
{
    say(fmt::format("WATCHDOG=1\nEXTEND_TIMEOUT_USEC={}", microseconds{limits::start_extension}.count()));
}

void service_notifier::status(const std::string& sentence) const noexcept
{
    say("STATUS=" + clean_text(sentence));
}

void service_notifier::reloading() const noexcept
{
    say(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
}

void service_notifier::stopping() const noexcept
{
    say("STOPPING=1");
}

// A manager that does not listen any more changes nothing for us, so nobody looks at what came of it.
void service_notifier::say(const std::string& message) const noexcept
{
    if (heard_) ::sd_notify(0, message.c_str());
}

}  // namespace understudy
