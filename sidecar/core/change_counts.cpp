#include "core/change_counts.hpp"

namespace understudy {

namespace {

std::size_t place_of(const change_batch::change& change) noexcept
{
    switch (change.what) {
    case operation::put: return change.before == row_before::absent ? 0 : 1;
    case operation::move: return 1;
    case operation::remove: return 2;
    case operation::clear: return 3;
    case operation::add: return 0;
    case operation::subtract: return 2;
    }
    return 1;
}

}  // namespace

void change_counts::add(const change_batch& changes)
{
    row_counts* counts = nullptr;
    for (std::size_t at = 0; at < changes.size(); ++at) {
        auto change = changes[at];
        if (at == 0 || changes[at - 1].table != change.table) counts = &by_table_[change.table];
        ++counts->of[place_of(change)];
    }
}

}  // namespace understudy
