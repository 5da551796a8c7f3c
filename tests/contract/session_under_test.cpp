#include "contract/session_under_test.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace understudy::testing {

namespace {

void rethrow(const std::exception_ptr& thrown)
{
    if (thrown) std::rethrow_exception(thrown);
}

std::unique_ptr<store> open_store(const std::filesystem::path& directory)
{
    auto opened = store::open({.directory = directory, .any_filesystem = true});
    if (!opened) throw std::runtime_error{opened.error().text};
    return std::move(*opened);
}

settings quick(settings wanted)
{
    wanted.heartbeat = std::chrono::milliseconds{20};
    wanted.commit.max_delay = std::chrono::milliseconds{20};
    return wanted;
}

}  // namespace

session_under_test::session_under_test(settings wanted, const std::filesystem::path& state_directory, maker make)
    : wanted_{quick(std::move(wanted))}, make_{std::move(make)}, rows_{open_store(state_directory)}
{
    store_writer::callbacks notify;
    notify.durable = [this](const stored_position& position) {
        durable_.push_back(position);
        if (session_) session_->confirm(position);
    };
    notify.changed = [this](const change_summary& summary) { changes_ += summary.changes; };
    notify.reached = [](lsn) {};
    notify.accepting = [this] {
        if (session_) session_->resume();
    };
    notify.failed = [this](failure why) {
        if (session_) session_->close(std::move(why));
    };
    writer_ = std::make_unique<store_writer>(loop_.get_executor(), thread_, *rows_, wanted_.commit, std::move(notify));
}

session_under_test::~session_under_test()
{
    if (session_ && !ended_) {
        session_->close({errc::cancelled, "the case is over"});
        until([this] { return ended_.has_value(); });
    }
    writer_->stop();
    until([this] { return waiting_ == 0; });
    thread_.join();
    poll();
}

void session_under_test::follow_from_now_on(settings wanted)
{
    wanted_ = quick(std::move(wanted));
}

void session_under_test::begin()
{
    ended_.reset();
    streaming_ = false;
    caught_up_ = false;
    source_session::callbacks notify;
    notify.probed = [](const source_probe&) {};
    notify.streaming = [this] { streaming_ = true; };
    session_ = make_(wanted_, *writer_, state_, std::move(notify));
    asio::co_spawn(loop_, run(session_), rethrow);
}

asio::awaitable<void> session_under_test::run(std::shared_ptr<source_session> session)
{
    ++waiting_;
    auto why = co_await session->run(demand_);
    ended_ = std::move(why);
    --waiting_;
}

void session_under_test::end()
{
    session_->close({errc::cancelled, "the case ends it"});
    if (!until([this] { return ended_.has_value(); })) throw std::runtime_error{"the session did not end"};
}

void session_under_test::poll()
{
    loop_.restart();
    loop_.poll();
}

bool session_under_test::until_answers(int count)
{
    for (int answer = 0; answer < count; ++answer) {
        auto before = state_.counters.last_answer;
        if (!until([&] { return state_.counters.last_answer != before || ended_; }) || ended_) return false;
    }
    return true;
}

void session_under_test::begin_catching_up()
{
    caught_up_ = false;
    asio::co_spawn(loop_, catch_up(session_), rethrow);
}

bool session_under_test::catches_up()
{
    begin_catching_up();
    return until([this] { return caught_up_; });
}

asio::awaitable<void> session_under_test::catch_up(std::shared_ptr<source_session> session)
{
    ++waiting_;
    auto done = co_await session->catch_up();
    caught_up_ = done.has_value();
    --waiting_;
}

asio::awaitable<void> session_under_test::flush()
{
    ++waiting_;
    auto done = co_await writer_->flush();
    --waiting_;
    if (!done) throw std::runtime_error{done.error().text};
}

void session_under_test::wait_for(asio::awaitable<void> work)
{
    bool over = false;
    auto note = [&over](const std::exception_ptr& thrown) {
        rethrow(thrown);
        over = true;
    };
    asio::co_spawn(loop_, std::move(work), note);
    if (!until([&] { return over; })) throw std::runtime_error{"the store did not write in time"};
}

std::set<std::string> session_under_test::bodies()
{
    wait_for(flush());
    auto view = rows_->read();
    if (!view) throw std::runtime_error{view.error().text};
    std::set<std::string> found;
    auto note = [&](std::string_view, std::string_view tuple, std::uint64_t) -> outcome<void> {
        auto from = tuple.find("body-");
        if (from == tuple.npos) throw std::runtime_error{"a row without a body"};
        found.emplace(tuple.substr(from, tuple.find('.', from) + 1 - from));
        return {};
    };
    for (const auto& table : (*view)->state().tables)
        if (auto read = (*view)->each_row(table.rows, note); !read) throw std::runtime_error{read.error().text};
    return found;
}

store_state session_under_test::stored()
{
    bodies();
    return writer_->state();
}

asio::awaitable<void> session_under_test::write(store_state state)
{
    ++waiting_;
    auto done = co_await writer_->write_state(std::move(state));
    --waiting_;
    if (!done) throw std::runtime_error{done.error().text};
}

void session_under_test::write_state(store_state state)
{
    writer_->begin_session();
    wait_for(write(std::move(state)));
    writer_->end_session();
}

}  // namespace understudy::testing
