#pragma once

#include "app/daemon_state.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "contract/upstream.hpp"
#include "core/worker_thread.hpp"
#include "store/store.hpp"
#include "support/files.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace understudy::testing {

/// A session with the writer and the real store that it fills, as the daemon puts them together: one process, so to speak.
/// Throws when the store does not do its work.
class session_under_test {
public:
    using maker = std::function<std::shared_ptr<source_session>(const settings&, store_writer&, daemon_state&,
                                                                source_session::callbacks)>;

    /// `state_directory` may hold what another one left.
    session_under_test(settings wanted, const std::filesystem::path& state_directory, maker make);
    session_under_test(const session_under_test&) = delete;
    session_under_test& operator=(const session_under_test&) = delete;
    ~session_under_test();

    /// Begins a session. One at a time.
    void begin();

    /// Closes it, and waits for its end.
    void end();

    /// What the next sessions are told.
    void follow_from_now_on(settings wanted);
    source_session& session() { return *session_; }
    const daemon_state& state() const noexcept { return state_; }
    store_writer& writer() noexcept { return *writer_; }

    /// Lets it work until the condition holds; false when it does not before a deadline.
    template <class Condition>
    bool until(Condition condition);

    /// Works off what is ready, and waits for nothing.
    void poll();

    bool until_streaming()
    {
        return until([this] { return is_following() || ended_; }) && !ended_;
    }

    /// The source has answered so often since the call: a session that hands out what it must not has had its time.
    bool until_answers(int count);

    /// Whether catch_up() returns in time, and well.
    bool catches_up();

    /// Asks for it, and does not wait.
    void begin_catching_up();
    bool has_caught_up() const noexcept { return caught_up_; }

    /// Commits what has come, and says what the store holds.
    std::set<std::string> bodies();
    store_state stored();

    /// Makes a state the store's, between sessions.
    void write_state(store_state state);

    bool is_following() const { return streaming_ && session_ && session_->is_streaming(); }
    std::uint64_t changes() const noexcept { return changes_; }
    const std::optional<failure>& ended() const noexcept { return ended_; }

    /// Positions that the store had, in order.
    const std::vector<stored_position>& durable() const noexcept { return durable_; }

private:
    asio::awaitable<void> run(std::shared_ptr<source_session> session);
    asio::awaitable<void> catch_up(std::shared_ptr<source_session> session);
    void wait_for(asio::awaitable<void> work);
    asio::awaitable<void> flush();
    asio::awaitable<void> write(store_state state);

    settings wanted_;
    maker make_;
    asio::io_context loop_{1};
    worker_thread thread_;
    std::unique_ptr<store> rows_;
    daemon_state state_;
    std::unique_ptr<store_writer> writer_;
    copy_demand demand_;
    std::shared_ptr<source_session> session_;
    std::optional<failure> ended_;
    bool streaming_ = false;
    bool caught_up_ = false;
    int waiting_ = 0;  // coroutines that have not returned
    std::uint64_t changes_ = 0;
    std::vector<stored_position> durable_;
};

template <class Condition>
bool session_under_test::until(Condition condition)
{
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        loop_.restart();
        loop_.run_one_for(std::chrono::milliseconds{10});
    }
    return true;
}

}  // namespace understudy::testing
