#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sys/epoll.h>

namespace understudy::bench {

using steady = std::chrono::steady_clock;

[[noreturn]] inline void give_up(const std::string& why)
{
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
}

/// What a load generator is told on its command line: SOCKET KEYS CONNECTIONS SECONDS [RATE].
struct load_options {
    std::string socket;           ///< Of HTTP the path of a unix socket; of SQL a connection string.
    int keys = 0;                 ///< Asked for at random, from 1.
    std::size_t connections = 0;  ///< Each has one question under way.
    double seconds = 0;
    double rate = 0;  ///< Questions a second of all connections; 0: each asks again as soon as it has its answer.

    static load_options read(int argc, char** argv)
    {
        if (argc < 5) give_up("usage: SOCKET KEYS CONNECTIONS SECONDS [RATE]");
        return {argv[1], std::atoi(argv[2]), std::strtoul(argv[3], nullptr, 10), std::atof(argv[4]),
                argc > 5 ? std::atof(argv[5]) : 0.0};
    }
};

/// Asks for rows by key over some connections, on one thread, and prints how many answers came and how long they took,
/// as JSON. With a rate, a question's time begins when it was due: an answer that keeps the next one waiting counts for
/// both.
///
/// A Connection has `descriptor()`, `ask(key)`, and `take()`, which reads what has come and is true when the answer is
/// whole; it gives up on one that is not the row of its key.
template <class Connection>
class load {
public:
    explicit load(const load_options& wanted) : wanted_{wanted}, poll_{::epoll_create1(EPOLL_CLOEXEC)}
    {
        for (std::size_t number = 0; number < wanted.connections; ++number) open();
    }

    void run()
    {
        begin_ = steady::now();
        auto end =
            begin_ + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{wanted_.seconds});
        for (std::size_t number = 0; number < talks_.size(); ++number)
            due_.emplace(begin_ + interval() * static_cast<int>(number) / static_cast<int>(talks_.size()), number);
        while (steady::now() < end) {
            ask_what_is_due();
            take_what_came();
        }
        report();
    }

private:
    struct talk {
        std::unique_ptr<Connection> connection;
        steady::time_point due;
    };
    using turn = std::pair<steady::time_point, std::size_t>;

    void open()
    {
        epoll_event interest{.events = EPOLLIN, .data = {.u64 = talks_.size()}};
        talks_.push_back({std::make_unique<Connection>(wanted_.socket), {}});
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, talks_.back().connection->descriptor(), &interest) != 0)
            give_up(std::strerror(errno));
    }

    /// Between two questions of one connection.
    steady::duration interval() const
    {
        if (wanted_.rate <= 0) return {};
        auto seconds = static_cast<double>(wanted_.connections) / wanted_.rate;
        return std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{seconds});
    }

    void ask_what_is_due()
    {
        for (auto now = steady::now(); !due_.empty() && due_.top().first <= now; due_.pop()) {
            auto [due, number] = due_.top();
            talks_[number].due = wanted_.rate > 0 ? due : now;
            talks_[number].connection->ask(key_(random_));
        }
    }

    void take_what_came()
    {
        std::array<epoll_event, 64> events;
        auto pause = due_.empty() ? steady::duration{std::chrono::milliseconds{100}} : due_.top().first - steady::now();
        auto left = std::max(pause, steady::duration{0}).count();
        timespec timeout{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        int ready = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        for (int at = 0; at < ready; ++at) {
            auto number = static_cast<std::size_t>(events[static_cast<std::size_t>(at)].data.u64);
            auto& talk = talks_[number];
            if (!talk.connection->take()) continue;
            auto now = steady::now();
            taken_us_.push_back(std::chrono::duration<float, std::micro>(now - talk.due).count());
            due_.emplace(wanted_.rate > 0 ? talk.due + interval() : now, number);
        }
    }

    void report()
    {
        if (taken_us_.empty()) give_up("no answer came");
        std::chrono::duration<double> seconds = steady::now() - begin_;
        std::sort(taken_us_.begin(), taken_us_.end());
        auto part = [&](double share) {
            return taken_us_[static_cast<std::size_t>(static_cast<double>(taken_us_.size() - 1) * share)];
        };
        fmt::print(
            R"({{"answers":{},"seconds":{:.3f},"cpu_seconds":{:.3f},"p50_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f}}})"
            "\n",
            taken_us_.size(), seconds.count(), static_cast<double>(std::clock()) / CLOCKS_PER_SEC, part(0.5),
            part(0.99), part(1));
    }

    load_options wanted_;
    int poll_;
    std::vector<talk> talks_;
    std::priority_queue<turn, std::vector<turn>, std::greater<>> due_;
    std::mt19937 random_{std::random_device{}()};
    std::uniform_int_distribution<int> key_{1, wanted_.keys};
    steady::time_point begin_{};
    std::vector<float> taken_us_;
};

}  // namespace understudy::bench
