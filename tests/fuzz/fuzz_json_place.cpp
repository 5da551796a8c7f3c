#include "render/json_fragment.hpp"
#include "serve/json_place.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

// The first byte picks a path, the rest is a json value, right or not. What is found lies inside it.

namespace {

std::vector<json_step> path_of(std::uint8_t seed)
{
    std::vector<json_step> path;
    for (int at = 0; at < (seed & 3); ++at) {
        auto bits = seed >> (2 + 2 * at) & 3;
        if (bits == 0)
            path.push_back({"a", {}});
        else
            path.push_back({std::to_string(bits - 2), bits - 2});
    }
    return path;
}

bool lies_inside(std::string_view part, std::string_view whole)
{
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    auto path = path_of(data[0]);
    for (auto kind : {json_kind::json, json_kind::jsonb}) {
        auto found = find_in_json(text, path, kind);
        if (found && !found->empty() && !lies_inside(*found, text)) std::abort();
    }
    if (json_fragment_size(text) > text.size()) std::abort();
    std::string out;
    append_unescaped(text, out);
    if (out.size() > text.size()) std::abort();
    return 0;
}
