#include "serve/read_service.hpp"

#include "core/limits.hpp"
#include "core/worker_thread.hpp"
#include "publish/announcement.hpp"
#include "publish/snapshot_directory.hpp"
#include "serve/http_server.hpp"
#include "serve/routes.hpp"
#include "serve/serving_state.hpp"
#include "serve/table_answer.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>
#include <pthread.h>

namespace understudy {

/// Everything that lives on the serve thread.
class read_service::thread {
public:
    thread(settings wanted, logger log);
    ~thread() { stop(); }

    outcome<void> start(gid_t socket_group);
    void stop();

    template <class Work>
    void post(Work work)
    {
        asio::post(loop_, std::move(work));
    }

    void serve_announced();
    void take(daemon_word word) { state_.take(std::move(word)); }
    void show(std::vector<page_setting> settings) { state_.shown_settings = std::move(settings); }
    std::uint64_t take_damaged() { return damaged_.exchange(0); }

private:
    void run() noexcept;
    void try_to_serve(std::uint64_t number);
    void prepare(std::uint64_t number);
    void take_over(std::shared_ptr<const served_generation> next);
    asio::awaitable<http_response> respond(const http_request& request);
    void serve_another(std::uint64_t number, const failure& why);
    std::vector<std::uint64_t> others() const;
    void look_at_blocks();
    void look_again_after(std::chrono::milliseconds pause);

    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    const settings settings_;
    logger log_;
    std::atomic<std::uint64_t> damaged_{0};  ///< Not told yet.
    serving_state state_;
    http_server server_;
    bool preparing_ = false;       ///< What was announced, to serve it as soon as its blocks were looked at.
    std::set<std::uint64_t> bad_;  ///< Generations that were found damaged.
    asio::steady_timer block_timer_;
    std::size_t file_ = 0;  ///< Of the generation, whose blocks are looked at.
    std::optional<std::thread> thread_;
    std::atomic<bool> stopping_{false};
    worker_thread preparer_;
};

read_service::thread::thread(settings wanted, logger log)
    : settings_{std::move(wanted)},
      log_{std::move(log)},
      state_{settings_},
      server_{loop_.get_executor(), settings_.serve, [this](const http_request& request) { return respond(request); }},
      block_timer_{loop_}
{
    state_.damaged = [this](std::uint64_t number, failure why) { serve_another(number, why); };
}

outcome<void> read_service::thread::start(gid_t socket_group)
{
    if (thread_) return boost::system::in_place_value;
    // What was taken for a large answer goes back to the system with it. The threshold would grow by itself, and 190 MiB
    // stayed after 60 answers of 6 MiB (seen).
    ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(limits::mapped_allocation_bytes));
    if (auto open = server_.listen(socket_group); !open) return open;
    preparer_.be_nice();
    serve_announced();
    server_.start();
    look_again_after(limits::block_look_pause);
    thread_.emplace([this] { run(); });
    return boost::system::in_place_value;
}

// Nothing that it does may go on half-way, as on the event loop.
void read_service::thread::run() noexcept
{
    ::pthread_setname_np(::pthread_self(), "serve");  // as top and /proc show it
    try {
        loop_.run();
    } catch (const std::exception& error) {
        log_(serve_event::internal, std::string{"the serve thread ended by an exception: "} + error.what());
        std::_Exit(70);
    }
}

// A read that cannot be finished, e.g. for want of memory, leaves nothing half-done behind.
asio::awaitable<http_response> read_service::thread::respond(const http_request& request)
{
    std::string why;
    try {
        auto response = co_await answer(request, state_);
        co_return response;
    } catch (const std::exception& error) {
        why = error.what();
    }
    log_(serve_event::internal, "a read ended by an exception: " + why);
    co_return answer_error({.status = http::status::internal_server_error,
                            .code = "UNDERSTUDY_INTERNAL",
                            .message = "the read could not be finished",
                            .details = {},
                            .hint = "The log says why."});
}

void read_service::thread::stop()
{
    if (!thread_) return;
    stopping_ = true;
    post([this] {
        block_timer_.cancel();
        state_.stop();
        server_.close();
        work_.reset();
    });
    thread_->join();
    thread_.reset();
}

void read_service::thread::serve_announced()
{
    auto number = read_current(settings_.snapshot.directory);
    if (!number) {
        if (!state_.generation()) state_.set_trouble(number.error().text);
        return;
    }
    if (preparing_) return;  // looked for again when that one is served
    if (state_.generation() && state_.generation()->facts().generation == *number) return;
    if (bad_.contains(*number)) return;
    try_to_serve(*number);
}

void read_service::thread::try_to_serve(std::uint64_t number)
{
    if (state_.generation()) return prepare(number);
    auto opened = served_generation::open(settings_.snapshot.directory, number, nullptr);
    if (!opened) return serve_another(number, opened.error());
    take_over(std::move(*opened));
}

// Who is the first to touch a block waits until it is compared with its hash; just after an announcement that would be
// everyone. So it is done on another thread, while the former generation is still served.
void read_service::thread::prepare(std::uint64_t number)
{
    preparing_ = true;
    preparer_.post(
        loop_.get_executor(),
        [this, number, former = state_.generation(),
         until = std::chrono::steady_clock::now() + limits::coming_look_max]() noexcept {
            return served_generation::prepare(settings_.snapshot.directory, number, *former, [this, until] {
                return !stopping_ && std::chrono::steady_clock::now() < until;
            });
        },
        [this, number](auto prepared) {
            preparing_ = false;
            if (stopping_) return;
            if (prepared)
                take_over(std::move(*prepared));
            else
                serve_another(number, prepared.error());
            serve_announced();
        });
}

void read_service::thread::take_over(std::shared_ptr<const served_generation> next)
{
    state_.serve(std::move(next));
    file_ = 0;
}

/// The newest other generation that is there and good takes over, until another one is announced.
void read_service::thread::serve_another(std::uint64_t number, const failure& why)
{
    if (!bad_.insert(number).second) return;
    while (bad_.size() > limits::remembered_generations_max) bad_.erase(bad_.begin());
    log_(serve_event::generation_damaged, fmt::format("generation {} is not served: {}", number, why.text));
    // The daemon has to mend the announced one, which is the highest; others that are found after it are no matter of its.
    if (number > damaged_) damaged_ = number;
    if (state_.generation() && state_.generation()->facts().generation != number) {
        state_.set_trouble(fmt::format("generation {} is damaged: {}", number, why.text));
        return;
    }
    state_.serve(nullptr);
    for (auto other : others()) {
        auto opened = served_generation::open(settings_.snapshot.directory, other, nullptr);
        if (!opened) continue;
        state_.serve(std::move(*opened));
        log_(serve_event::serving_older, fmt::format("generation {} is served instead of {}", other, number));
        break;
    }
    file_ = 0;
    state_.set_trouble(fmt::format("generation {} is damaged: {}", number, why.text));
}

std::vector<std::uint64_t> read_service::thread::others() const
{
    auto numbers = generation_numbers(settings_.snapshot.directory);
    std::erase_if(numbers, [this](auto number) { return bad_.contains(number); });
    return numbers;
}

void read_service::thread::look_again_after(std::chrono::milliseconds pause)
{
    block_timer_.expires_after(pause);
    block_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) look_at_blocks();
    });
}

// One block at a time, so that nobody waits for it; all of them in turn.
void read_service::thread::look_at_blocks()
{
    auto generation = state_.generation();
    if (!generation || file_ >= generation->files().size()) {
        file_ = 0;
        return look_again_after(limits::block_round_pause);
    }
    auto more = generation->files()[file_]->check_next_block();
    if (!more)
        state_.damaged(generation->facts().generation, more.error());
    else if (!*more)
        ++file_;
    look_again_after(limits::block_look_pause);
}

read_service::read_service(settings wanted, logger log)
    : thread_{std::make_unique<thread>(std::move(wanted), std::move(log))}
{
}

read_service::~read_service() = default;

outcome<void> read_service::start(gid_t socket_group)
{
    return thread_->start(socket_group);
}

void read_service::look_for_announced()
{
    thread_->post([this] { thread_->serve_announced(); });
}

void read_service::report(daemon_word word)
{
    thread_->post([this, word = std::move(word)]() mutable { thread_->take(std::move(word)); });
}

void read_service::show(std::vector<page_setting> settings)
{
    thread_->post([this, settings = std::move(settings)]() mutable { thread_->show(std::move(settings)); });
}

std::optional<std::uint64_t> read_service::take_damaged()
{
    auto number = thread_->take_damaged();
    return number == 0 ? std::nullopt : std::optional{number};
}

void read_service::stop()
{
    thread_->stop();
}

}  // namespace understudy
