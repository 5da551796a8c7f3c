#include "source/kafka/transaction_book.hpp"

#include "core/limits.hpp"

#include <algorithm>

namespace understudy::kafka {

void transaction_book::begin(xid which, std::chrono::steady_clock::time_point now)
{
    if (is_done(which)) return;
    auto& begun = number(which, now);
    begun.has_begun = begun.has_begun || !begun.has_ended;
}

void transaction_book::end(xid which, std::vector<std::uint64_t> wanted, boundary at,
                           std::chrono::steady_clock::time_point now)
{
    if (is_done(which)) return;
    auto& ended = number(which, now);
    ended.has_ended = true;
    ended.wanted = std::move(wanted);
    ended.ended_at = at;
}

void transaction_book::count_row(xid which, std::size_t table, std::size_t partition, std::uint64_t place,
                                 std::chrono::steady_clock::time_point now)
{
    if (is_done(which)) return;
    auto& of = find_or_add(which, now);
    auto latest =
        std::find_if(of.latest.begin(), of.latest.end(), [&](const auto& each) { return each.first == partition; });
    if (latest == of.latest.end())
        of.latest.emplace_back(partition, place);
    else if (place <= latest->second)
        return;  // again
    else
        latest->second = place;
    ++of.got[table];
}

const transaction_book::transaction* transaction_book::find(xid which) const
{
    auto found = open_.find(which);
    return found == open_.end() ? nullptr : &found->second;
}

std::optional<transaction_book::xid> transaction_book::front() const
{
    return order_.empty() ? std::nullopt : std::optional{order_.front()};
}

void transaction_book::finish_front()
{
    auto which = order_.front();
    order_.pop_front();
    open_.erase(which);
    done_.insert(which);
    done_order_.push_back(which);
    if (done_order_.size() <= limits::remembered_transactions_max) return;
    done_.erase(done_order_.front());
    done_order_.pop_front();
}

void transaction_book::clear()
{
    open_.clear();
    order_.clear();
    done_.clear();
    done_order_.clear();
}

transaction_book::transaction& transaction_book::find_or_add(xid which, std::chrono::steady_clock::time_point now)
{
    auto& found = open_[which];
    if (found.got.empty()) found.got.resize(tables_);
    found.heard_of = now;
    return found;
}

transaction_book::transaction& transaction_book::number(xid which, std::chrono::steady_clock::time_point now)
{
    auto& found = find_or_add(which, now);
    if (found.number == 0) {
        found.number = ++numbered_;
        order_.push_back(which);
    }
    return found;
}

}  // namespace understudy::kafka
