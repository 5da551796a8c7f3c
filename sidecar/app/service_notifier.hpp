#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace understudy {

/// The service manager's ear: messages of sd_notify(3) to systemd, or to whoever else listens at $NOTIFY_SOCKET. Where nobody
/// does, nothing happens. Any thread.
class service_notifier {
public:
    /// As the environment of this process says.
    service_notifier();

    bool is_heard() const noexcept { return heard_; }

    /// We are ended unless we say that we are alive once in so long. Nothing if nobody waits for that.
    const std::optional<std::chrono::microseconds>& watchdog() const noexcept { return watchdog_; }

    /// How often to give a sign of life: a quarter of what is waited for, and no more seldom than
    /// limits::sign_of_life_max.
    std::chrono::microseconds interval() const noexcept;

    /// The start is over.
    void ready() const noexcept;

    /// We get on: neither the watchdog nor a start that takes long is to end us.
    void alive() const noexcept;

    /// What `systemctl status` shows. Made one line of clean text here.
    void status(const std::string& sentence) const noexcept;

    /// The config is read again; ready() ends it.
    void reloading() const noexcept;

    void stopping() const noexcept;

private:
    void say(const std::string& message) const noexcept;

    bool heard_ = false;
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace understudy
