#include "source/postgres/streamed_transactions.hpp"

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

bool is_before(std::uint32_t left, std::uint32_t right) noexcept
{
    return static_cast<std::int32_t>(left - right) < 0;
}

}  // namespace

void streamed_transactions::add(lsn commit_start, std::uint32_t xid)
{
    if (kept_.size() >= kept_max_)
        for (const auto& kept : std::exchange(kept_, {}))
            if (!latest_of_many_ || is_before(*latest_of_many_, kept.xid)) latest_of_many_ = kept.xid;
    kept_.push_back({commit_start, xid});
}

std::optional<std::uint32_t> streamed_transactions::settle(std::vector<std::uint32_t> running, std::uint32_t next_xid,
                                                           lsn position)
{
    std::sort(running.begin(), running.end());
    std::erase_if(kept_, [&](const entry& kept) {
        return is_before(kept.xid, next_xid) && !std::binary_search(running.begin(), running.end(), kept.xid);
    });
    if (latest_of_many_) {
        auto older =
            std::find_if(running.begin(), running.end(), [&](auto xid) { return !is_before(*latest_of_many_, xid); });
        if (older != running.end()) return *older;
        if (!is_before(*latest_of_many_, next_xid)) return latest_of_many_;
        latest_of_many_.reset();
    }
    if (kept_.empty() || kept_.front().commit_start >= position) return std::nullopt;
    return kept_.front().xid;
}

}  // namespace understudy
