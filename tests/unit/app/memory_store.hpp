#pragma once

#include "store/store.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// A store that only notes what is asked of it, as lines: `commit 2 at 0/78`. Can be told to wait and to fail.
class memory_store final : public store {
public:
    /// From any thread.
    std::vector<std::string> calls() const
    {
        std::lock_guard lock{mutex_};
        return calls_;
    }

    /// Until open(), every writing call waits before it does anything.
    void shut()
    {
        std::lock_guard lock{mutex_};
        is_open_ = false;
    }
    void open()
    {
        std::lock_guard lock{mutex_};
        is_open_ = true;
        opened_.notify_all();
    }

    /// The next writing call fails.
    void fail_next(errc reason)
    {
        std::lock_guard lock{mutex_};
        failing_ = reason;
    }

    const store_state& state() const noexcept override { return state_; }

    outcome<void> commit_group(const change_batch& changes, const stored_position& position) override
    {
        auto written = write("commit " + std::to_string(changes.size()) + " at " + to_string(position.position));
        if (written) state_.position = position;
        return written;
    }
    outcome<void> add_group(const change_batch& changes, const stored_position& position) override
    {
        auto written = write("add " + std::to_string(changes.size()) + " at " + to_string(position.position));
        if (written) added_ = position;
        return written;
    }

    /// As a store may at any time. While no call is under way.
    void make_added_durable() { state_.position = added_; }

    outcome<void> begin_large(std::uint64_t wal_bytes) override { return write(fmt::format("begin {}", wal_bytes)); }
    outcome<void> apply_large(const change_batch& part) override
    {
        return write("apply " + std::to_string(part.size()));
    }
    outcome<void> finish_large(const stored_position& position) override
    {
        auto written = write("finish at " + to_string(position.position));
        if (written) state_.position = position;
        return written;
    }
    void abandon_large() noexcept override { static_cast<void>(write("abandon")); }
    outcome<epoch> create_epoch() override
    {
        if (auto written = write("create"); !written) return written.error();
        return ++last_epoch_;
    }
    outcome<void> load(epoch rows, const change_batch& batch) override
    {
        return write("load " + std::to_string(batch.size()) + " into " + std::to_string(rows));
    }
    outcome<void> write_state(const store_state& state) override
    {
        auto written = write("state at " + to_string(state.position.position));
        if (written) state_ = state;
        return written;
    }
    outcome<void> drop_unnamed() override { return write("drop"); }
    outcome<void> keep_indexes(const std::set<row_index>& wanted) override
    {
        return write(fmt::format("indexes {}", wanted.size()));
    }
    store_size size() const override { return {}; }
    outcome<void> compact_if_worthwhile() override
    {
        std::lock_guard lock{mutex_};
        ++looks_;
        return {};
    }

    /// How often it was asked to shrink. From any thread.
    int looks() const
    {
        std::lock_guard lock{mutex_};
        return looks_;
    }
    outcome<std::unique_ptr<read_snapshot>> read() override { return failure{errc::internal, "holds no rows"}; }

private:
    outcome<void> write(std::string call)
    {
        std::unique_lock lock{mutex_};
        opened_.wait(lock, [this] { return is_open_; });
        if (failing_) {
            failure why{*failing_, call};
            failing_.reset();
            calls_.push_back(call + " failed");
            return why;
        }
        calls_.push_back(std::move(call));
        return {};
    }

    mutable std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = true;
    std::optional<errc> failing_;
    std::vector<std::string> calls_;
    store_state state_;
    stored_position added_;
    epoch last_epoch_ = 0;
    int looks_ = 0;
};

}  // namespace understudy
