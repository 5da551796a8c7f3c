#include "publish/document_index.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

// The bytes of an index file. One that is accepted leads nowhere outside its document.

namespace {

constexpr std::uint64_t document_bytes = 1 << 20;

void check(const row_range& range)
{
    if (range.start < range.end && range.end > document_bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string bytes{reinterpret_cast<const char*>(data), size};
    auto parsed = document_index::parse(std::move(bytes), document_bytes);
    if (!parsed) return 0;
    for (const auto& table : parsed->tables()) {
        check(table.rows.all());
        for (std::string_view key : {"", "1", "m", "\xFF"}) {
            if (auto found = table.rows.find(key)) check(*found);
            check(table.rows.between(key, "n"));
            check(table.rows.between("", key));
        }
    }
    return 0;
}
