#include "publish/freshness.hpp"

#include <algorithm>

namespace understudy {

void freshness::probed(lsn written, db_time at)
{
    bool went_back = (earned_ && at < *earned_) || (!probes_.empty() && at < probes_.back().at);
    if (went_back) {
        earned_.reset();
        probes_.clear();
    }
    if (probes_.size() == probes_max) probes_.pop_back();
    probes_.push_back({written, at});
    earn();
}

void freshness::touched(lsn commit_start)
{
    if (generation_ && commit_start < *generation_) return;
    if (touches_.size() == touches_max)
        touches_.back().last = commit_start;
    else
        touches_.push_back({commit_start, commit_start});
    earn();
}

void freshness::reached(lsn position)
{
    reached_ = std::max(reached_, position);
    earn();
}

void freshness::announced(std::uint64_t generation, lsn position)
{
    // An older one is an operator's rollback: what the newer one had earned is not true of it.
    if (generation < number_) earned_.reset();
    number_ = generation;
    generation_ = position;
    while (!touches_.empty() && touches_.front().last < position) touches_.pop_front();
    earn();
}

void freshness::forget_source()
{
    probes_.clear();
    touches_.clear();
    generation_.reset();
    reached_ = {};
}

bool freshness::proves(const probe& asked) const noexcept
{
    if (!generation_) return false;
    if (asked.written <= *generation_) return true;
    // A commit that starts at or after F was not written, so not acknowledged, when the probe was made.
    return asked.written <= reached_ &&
           (touches_.empty() || asked.written <= std::max(touches_.front().first, *generation_));
}

void freshness::earn()
{
    auto latest = std::find_if(probes_.rbegin(), probes_.rend(), [this](const probe& asked) { return proves(asked); });
    if (latest == probes_.rend()) return;
    earned_ = std::max(earned_.value_or(latest->at), latest->at);
    probes_.erase(probes_.begin(), latest.base());
}

}  // namespace understudy
