#include "source/kafka/record.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace understudy::kafka {

std::uint64_t hash_of(const record& what) noexcept
{
    auto hash = static_cast<std::uint64_t>(what.timestamp_ms);
    for (auto bytes : {what.key.value_or(""), what.value.value_or("")})
        hash = XXH3_64bits_withSeed(bytes.data(), bytes.size(), hash);
    return hash;
}

std::string place_of(const record& what)
{
    return fmt::format("{} [{}] at offset {}", what.topic, what.partition, what.offset);
}

}  // namespace understudy::kafka
