#include "serve/value_kind.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace understudy;

// The first byte picks a kind, the rest is what a reader wrote for a value, or the JSON of one. A key is never empty and
// begins below null's byte, and a value's text means the value itself.

namespace {

std::vector<value_kind> every_kind()
{
    std::vector<value_kind> kinds;
    for (const char* name :
         {"bool",   "int2", "int4", "int8", "oid",   "float4", "float8", "numeric",   "text",        "varchar",
          "bpchar", "name", "enum", "uuid", "bytea", "date",   "time",   "timestamp", "timestamptz", "pg_lsn"})
        kinds.push_back(value_kind::find(name).value());
    return kinds;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto kinds = every_kind();
    if (size == 0) return 0;
    const auto& kind = kinds[data[0] % kinds.size()];
    std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    if (auto key = kind.key_of_literal(text); key && (key->empty() || key->front() == '\xFF')) std::abort();
    std::string key;
    if (kind.append_key(text, key) && (key.empty() || key.front() == '\xFF')) std::abort();
    std::string out;
    kind.append_text(text, out);
    return 0;
}
