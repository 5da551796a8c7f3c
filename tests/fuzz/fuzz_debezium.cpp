#include "decode/debezium.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace understudy;
using namespace understudy::debezium;

namespace {

/// Touches everything that a value has borrowed; but for its own name, which a payload has behind its schema.
std::size_t weight(json_node node)
{
    if (!node) return 0;
    auto sum = std::string{node.text()}.size();
    std::size_t members = 0;
    if (node.is(json_kind::array) || node.is(json_kind::object))
        for (auto inside : node) {
            sum += std::string{inside.name()}.size() + weight(inside);
            ++members;
        }
    if (members != node.size()) std::abort();
    return sum;
}

void check(const event& said)
{
    auto sum = weight(said.key) + weight(said.row) + weight(said.before) + weight(said.row_schema) +
               weight(said.key_schema) + std::string{said.source.table}.size() + std::string{said.source.name}.size();
    for (const auto& table : said.boundary.tables) sum += std::string{table.table}.size();
    if (said.kind == event_kind::upsert && !said.row.is(json_kind::object)) std::abort();
    if (said.key.is(json_kind::array)) std::abort();
    if (sum == std::size_t(-1)) std::abort();
}

}  // namespace

// A key and a value with a newline between them. A reader that knows the last message's schemas must read the same as
// one that knows nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static event_reader knowing;
    std::string_view whole{reinterpret_cast<const char*>(data), size};
    auto end = whole.find('\n');
    auto key = end == whole.npos ? std::nullopt : std::optional{whole.substr(0, end)};
    auto value = end == whole.npos ? whole : whole.substr(end + 1);
    event_reader fresh;
    auto ec = fresh.read(key, value);
    for (int again = 0; again < 2; ++again) {
        if (knowing.read(key, value) != ec) std::abort();
        if (ec && (fresh.wrong().empty() || fresh.wrong() != knowing.wrong())) std::abort();
        if (ec) continue;
        check(fresh.last());
        check(knowing.last());
        if (weight(fresh.last().row) != weight(knowing.last().row)) std::abort();
        if (fresh.last().kind != knowing.last().kind) std::abort();
    }
    return 0;
}
