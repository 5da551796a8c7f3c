#include "decode/json_tape.hpp"
#include "support/json_nodes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace understudy;

namespace {

void check_same(json_tape& knowing, std::string_view text)
{
    json_tape fresh;
    auto ec = fresh.read(text);
    if (knowing.read(text) != ec) std::abort();
    if (!testing::is_same_value(knowing.root(), fresh.root())) std::abort();
}

}  // namespace

// Texts with a newline between them, which are often alike. A tape that knows those before must read each of them as one that
// knows nothing does; so must one that knows what came in other runs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static json_tape experienced;
    json_tape knowing;
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    while (!rest.empty()) {
        auto text = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(text.size() == rest.size() ? text.size() : text.size() + 1);
        check_same(knowing, text);
        check_same(experienced, text);
    }
    return 0;
}
