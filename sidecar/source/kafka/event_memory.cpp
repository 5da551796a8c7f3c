#include "source/kafka/event_memory.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string_view>

namespace understudy::kafka {

namespace {

std::uint64_t add_to_hash(std::uint64_t hash, std::string_view bytes) noexcept
{
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), hash);
}

std::uint64_t add_to_hash(std::uint64_t hash, json_node row) noexcept
{
    if (!row.is_present()) return hash;
    hash = add_to_hash(hash, row.text());  // of a key that is one value
    for (auto member : row) hash = add_to_hash(add_to_hash(hash, member.name()), member.text());
    return hash;
}

}  // namespace

std::uint64_t fingerprint_of(const debezium::event& event) noexcept
{
    const auto& source = event.source;
    auto hash = source.xid.value_or(0) * 31 + static_cast<std::uint64_t>(source.commit_us.value_or(0));
    hash = hash * 31 + static_cast<std::uint64_t>(event.op.value_or(debezium::operation::message));
    if (event.within) hash = hash * 31 + event.within->total_order.value_or(0);
    return add_to_hash(add_to_hash(hash, event.key), event.row);
}

void event_memory::add(const event_mark& mark, std::uint64_t fingerprint)
{
    auto one = mixed(mark, fingerprint);
    if (!known_.insert(one).second) return;
    order_.emplace_back(mark, one);
    if (order_.size() <= most_) return;
    known_.erase(order_.front().second);
    forget(order_.front().first);
    order_.pop_front();
}

void event_memory::clear()
{
    for (const auto& [mark, one] : order_) forget(mark);
    known_ = {};
    order_.clear();
}

}  // namespace understudy::kafka
