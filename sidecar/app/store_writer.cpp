#include "app/store_writer.hpp"

#include "core/limits.hpp"

namespace understudy {

bool position_is_due(lsn stored, lsn reached, std::chrono::steady_clock::duration since_stored) noexcept
{
    auto ahead = distance(stored, reached);
    if (ahead >= limits::position_step_bytes) return true;
    return ahead >= limits::position_worth_bytes && since_stored >= limits::position_interval;
}

store_writer::store_writer(asio::any_io_executor executor, worker_thread& thread, store& into, commit_settings limits,
                           callbacks notify)
    : executor_{executor},
      thread_{thread},
      store_{into},
      limits_{limits},
      notify_{std::move(notify)},
      group_{std::make_shared<change_batch>()},
      state_{into.state()},
      broken_{std::make_shared<std::atomic<bool>>(false)},
      look_{executor},
      delay_{executor},
      progress_{executor}
{
}

void store_writer::begin_session()
{
    broken_ = std::make_shared<std::atomic<bool>>(false);
    broken_by_.reset();
    group_->reset();
    group_open_ = false;
    overdue_ = false;
    behind_ = false;
    expected_ = 0;
    added_changes_ = 0;
    added_open_ = false;
    position_ = durable();
    reached_ = durable().position;
    stored_at_ = std::chrono::steady_clock::now();
    if (std::exchange(added_any_, false)) submit_abandon();  // the former session may have been broken amid them
    if (std::exchange(copying_, false)) submit([](store& into) { return into.drop_unnamed(); });
}

void store_writer::end_session()
{
    seal(durable_by::now);
    delay_.cancel();
}

void store_writer::stop()
{
    will_look_ = true;
    look_.cancel();
    delay_.cancel();
}

bool store_writer::accepts() const noexcept
{
    if (held_) return false;
    return large_open_ ? has_room() : is_idle() || !group_is_over(limits::group_growth_max);
}

bool store_writer::has_room() const noexcept
{
    return submitted_ - completed_ < limits::batches_in_flight_max;
}

bool store_writer::is_idle() const noexcept
{
    return submitted_ == completed_;
}

bool store_writer::group_is_over(std::uint64_t times_the_limits) const noexcept
{
    return group_->size() / times_the_limits >= limits_.max_changes ||
           group_->memory_bytes() / times_the_limits >= limits_.max_bytes;
}

void store_writer::on_begin(lsn commit_start)
{
    commit_start_ = commit_start;
    stop_if_limit(commit_start);
}

void store_writer::on_transaction(const committed_transaction& transaction)
{
    change_summary summary{.changes = transaction.changes.size() + std::exchange(large_changes_, 0),
                           .bytes = transaction.changes.memory_bytes() + std::exchange(large_bytes_, 0),
                           .commit_start = transaction.position.last.commit,
                           .touched = transaction.touched};
    counts_.add(std::exchange(large_counts_, {}));
    counts_.add(transaction.changes);
    if (summary.changes != 0) notify_.changed(summary);
    take_over(transaction);
    notify_.reached(reached_);
}

void store_writer::take_over(const committed_transaction& transaction)
{
    set_position(transaction.position);
    if (std::exchange(large_open_, false)) {
        auto last_part = std::make_shared<change_batch>(transaction.changes);
        auto position = position_;
        submit([last_part](store& into) { return into.apply_large(*last_part); });
        submit([position](store& into) { return into.finish_large(position); }, position);
        group_open_ = false;  // what was asked for meanwhile is in this position
        return;
    }
    group_->append(transaction.changes);
    if (!std::exchange(group_open_, true)) arm_delay(limits_.max_delay);
    if (!group_is_over(1)) return;
    behind_ = true;
    seal_when_idle();
}

void store_writer::set_position(const stored_position& position)
{
    auto keepalive = std::max(position_.keepalive, position.keepalive);
    auto as_of = std::max(position_.content_as_of, position.content_as_of);
    auto reached = std::max(position_.position, position.position);
    auto generation = position_.generation;
    position_ = position;
    position_.keepalive = keepalive;
    position_.content_as_of = as_of;
    position_.position = reached;
    position_.generation = generation;
    reached_ = std::max(reached_, reached);
}

void store_writer::on_large_part(change_batch part)
{
    if (!large_open_) {
        seal(durable_by::now);
        large_open_ = true;
        // What lies between is an upper bound, but for what its own start lies behind.
        auto wal_bytes = distance(position_.position, commit_start_);
        submit([wal_bytes](store& into) { return into.begin_large(wal_bytes); });
    }
    large_counts_.add(part);
    large_changes_ += part.size();
    large_bytes_ += part.memory_bytes();
    auto shared = std::make_shared<change_batch>(std::move(part));
    submit([shared](store& into) { return into.apply_large(*shared); });
}

void store_writer::on_large_abandoned()
{
    large_open_ = false;
    large_counts_ = {};
    large_changes_ = 0;
    large_bytes_ = 0;
    submit_abandon();
}

void store_writer::submit_abandon()
{
    submit([](store& into) {
        into.abandon_large();
        return outcome<void>{};
    });
}

void store_writer::on_reached(lsn reached)
{
    reached_ = std::max(reached_, reached);
    notify_.reached(reached_);
    stop_if_limit(reached);
    if (std::exchange(behind_, false)) seal_when_idle();  // the end of a backlog does not wait for the delay
    auto since = std::chrono::steady_clock::now() - stored_at_;
    if (!position_is_due(position_.position, reached_, since)) return;
    take_reached(reached_);
    seal_when_idle();
}

void store_writer::stop_if_limit(lsn next)
{
    if (!stop_at_ || next < *stop_at_) return;
    stop_at_.reset();
    held_ = true;
    std::exchange(stopped_, nullptr)();
}

void store_writer::stop_at(lsn limit, std::function<void()> stopped)
{
    stop_at_ = limit;
    stopped_ = std::move(stopped);
    held_ = false;
    if (reached_ >= limit)
        stop_if_limit(reached_);
    else
        notify_.accepting();
}

void store_writer::release()
{
    held_ = false;
    stop_at_.reset();
    stopped_ = nullptr;
    notify_.accepting();
}

// A store that is busy gets the group later, and a larger one: twice the changes in a group write far less than
// twice the pages. One that has grown too large ends accepts().
void store_writer::seal_when_idle()
{
    overdue_ = !is_idle();
    if (!overdue_) seal(durable_by::later);
}

void store_writer::seal(durable_by when)
{
    overdue_ = false;
    if ((!group_open_ && !added_open_) || large_open_) return;
    delay_.cancel();
    if (when == durable_by::later && may_wait())
        add_group();
    else
        commit_group();
}

// What a crash would lose, and the time to read it again, are bounded.
bool store_writer::may_wait() const noexcept
{
    if (expected_ <= limits_.max_changes || added_changes_ >= limits::added_changes_max) return false;
    return !added_open_ || std::chrono::steady_clock::now() - added_at_ < limits::added_interval;
}

void store_writer::add_group()
{
    added_any_ = true;
    added_changes_ += group_->size();
    if (!std::exchange(added_open_, true)) added_at_ = std::chrono::steady_clock::now();
    auto batch = take_group();
    auto position = position_;
    submit([batch, position](store& into) { return into.add_group(*batch, position); }, std::nullopt, batch);
    arm_delay(limits::added_interval);
}

void store_writer::commit_group()
{
    added_changes_ = 0;
    added_open_ = false;
    stored_at_ = std::chrono::steady_clock::now();
    auto batch = take_group();
    auto position = position_;
    submit([batch, position](store& into) { return into.commit_group(*batch, position); }, position, batch);
}

std::shared_ptr<change_batch> store_writer::take_group()
{
    group_open_ = false;
    return std::exchange(group_, spare_ ? std::move(spare_) : std::make_shared<change_batch>());
}

void store_writer::arm_delay(std::chrono::milliseconds delay)
{
    delay_.expires_after(delay);
    delay_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) seal_when_idle();
    });
}

void store_writer::submit(job work, std::optional<stored_position> position, std::shared_ptr<change_batch> lent)
{
    send(std::move(work), position, std::move(lent));
    look_at_size_later();
}

// Every so often while there is something to write: a file that grew much has taken more writes than its compaction.
void store_writer::look_at_size_later()
{
    if (std::exchange(will_look_, true)) return;
    look_.expires_after(limits::store_look_interval);
    look_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        will_look_ = false;
        if (large_open_ || added_open_) return look_at_size_later();
        send([](store& into) { return into.compact_if_worthwhile(); });
    });
}

void store_writer::send(job work, std::optional<stored_position> position, std::shared_ptr<change_batch> lent)
{
    ++submitted_;
    // What is durable after a failure only the store knows: of groups that were added, some may be.
    auto held = std::make_shared<std::optional<stored_position>>();
    auto guarded = [work = std::move(work), broken = broken_, &into = store_, held]() -> outcome<void> {
        if (*broken) return failure{errc::cancelled, "an earlier write failed"};
        auto result = work(into);
        if (result) return result;
        *broken = true;
        *held = into.state().position;
        return result;
    };
    thread_.post(
        executor_, std::move(guarded),
        [this, position, lent = std::move(lent), session = broken_, held](const outcome<void>& result) mutable {
            if (lent) {
                lent->reset();
                spare_ = std::move(lent);
            }
            if (*held) state_.position = **held;
            if (!result) broke(session, result.error());
            completed(result, position);
        });
}

// What the session before had under way may still fail: the present one is not broken by it.
void store_writer::broke(const std::shared_ptr<std::atomic<bool>>& session, const failure& why)
{
    if (session != broken_ || broken_by_ || why.code == errc::cancelled) return;
    broken_by_ = why;
    notify_.failed(why);
}

void store_writer::completed(const outcome<void>& result, const std::optional<stored_position>& position)
{
    ++completed_;
    if (result && position) {
        state_.position = *position;
        notify_.durable(durable());
    }
    if (overdue_ && is_idle()) seal(durable_by::later);
    progress_.notify_all();
    if (accepts()) notify_.accepting();
}

asio::awaitable<outcome<void>> store_writer::wait_for(std::uint64_t ticket)
{
    while (completed_ < ticket) co_await progress_.wait();
    if (broken_by_) co_return *broken_by_;
    co_return outcome<void>{};
}

void store_writer::take_reached(lsn limit)
{
    auto taken = std::min(reached_, limit);
    if (large_open_ || taken <= position_.position) return;
    position_.position = taken;
    position_.keepalive = taken;
    group_open_ = true;
}

void store_writer::take_generation(std::uint64_t number)
{
    position_.generation = number;
    group_open_ = true;
}

asio::awaitable<outcome<stored_position>> store_writer::flush()
{
    seal(durable_by::now);
    auto written = co_await wait_for(submitted_);
    if (!written) co_return written.error();
    co_return durable();
}

asio::awaitable<outcome<void>> store_writer::keep_indexes(std::set<row_index> wanted)
{
    if (wanted.empty() && !may_have_indexes_) co_return outcome<void>{};
    bool any = !wanted.empty();
    if (added_open_)
        seal(durable_by::now);  // the store makes no index amid added groups; none comes between this and that
    auto work = [&into = store_, wanted = std::move(wanted)] { return into.keep_indexes(wanted); };
    auto kept = co_await thread_.run(std::move(work));
    may_have_indexes_ = any || !kept;
    co_return kept;
}

asio::awaitable<outcome<epoch>> store_writer::create_epoch()
{
    copying_ = true;
    auto work = [&into = store_] { return into.create_epoch(); };
    co_return co_await thread_.run(std::move(work));
}

asio::awaitable<outcome<void>> store_writer::load(epoch rows, change_batch batch)
{
    while (!has_room()) co_await progress_.wait();
    if (broken_by_) co_return *broken_by_;
    auto shared = std::make_shared<change_batch>(std::move(batch));
    submit([rows, shared](store& into) { return into.load(rows, *shared); });
    co_return outcome<void>{};
}

asio::awaitable<outcome<void>> store_writer::write_state(store_state state)
{
    auto shared = std::make_shared<store_state>(std::move(state));
    submit([shared](store& into) { return into.write_state(*shared); });
    auto written = co_await wait_for(submitted_);
    if (written) {
        state_ = *shared;
        copying_ = false;
    }
    co_return written;
}

}  // namespace understudy
