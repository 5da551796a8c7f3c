#include "core/change_batch.hpp"

namespace understudy {

void change_batch::append(operation what, row_before before, epoch table, std::string_view key,
                          std::string_view old_key, std::string_view row)
{
    entries_.push_back({.table = table,
                        .offset = block_.size(),
                        .key_bytes = static_cast<std::uint32_t>(key.size()),
                        .old_key_bytes = static_cast<std::uint32_t>(old_key.size()),
                        .row_bytes = static_cast<std::uint32_t>(row.size()),
                        .what = what,
                        .before = before});
    block_.append(key).append(old_key).append(row);
}

void change_batch::append(const change_batch& other)
{
    auto base = block_.size();
    block_.append(other.block_);
    // No reserve(): it grows to exactly what is asked for, and each of many small appends would copy all entries.
    for (auto copied : other.entries_) {
        copied.offset += base;
        entries_.push_back(copied);
    }
}

change_batch::change change_batch::operator[](std::size_t index) const noexcept
{
    const auto& found = entries_[index];
    std::string_view all{block_};
    auto key = all.substr(found.offset, found.key_bytes);
    auto old_key = all.substr(found.offset + found.key_bytes, found.old_key_bytes);
    auto row = all.substr(found.offset + found.key_bytes + found.old_key_bytes, found.row_bytes);
    return {found.what, found.table, key, old_key, row, found.before};
}

void change_batch::reset() noexcept
{
    block_.clear();
    entries_.clear();
}

void change_batch::truncate(std::size_t size) noexcept
{
    if (size >= entries_.size()) return;
    block_.resize(entries_[size].offset);
    entries_.resize(size);
}

}  // namespace understudy
