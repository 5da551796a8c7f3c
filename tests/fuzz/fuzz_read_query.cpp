#include "core/limits.hpp"
#include "render/json_text.hpp"
#include "serve/read_query.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

// A query string, as it stands in a URL. What is read stays within the limits; what is refused says so in UTF-8.

namespace {

void check(bool holds)
{
    if (!holds) std::abort();
}

std::size_t depth_of(const filter_group& group)
{
    std::size_t deepest = 0;
    for (const auto& branch : group.branches)
        if (const auto* inner = std::get_if<filter_group>(&branch)) deepest = std::max(deepest, depth_of(*inner));
    return deepest + 1;
}

void check_error(const read_error& error)
{
    check(!error.message.empty() && !error.code.empty() && static_cast<int>(error.status) == 400);
    check(is_utf8(valid_utf8(error.message)) && is_utf8(valid_utf8(error.details)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text{reinterpret_cast<const char*>(data), size};
    if (auto part = decode_path_part(text); !part) check_error(part.error());
    auto parameters = parse_parameters(text);
    if (!parameters) {
        check_error(parameters.error());
        return 0;
    }
    check(parameters->size() <= limits::query_parameters_max);
    auto query = parse_query(*parameters);
    if (!query) {
        check_error(query.error());
        return 0;
    }
    check(query->select.size() <= limits::select_fields_max && query->order.size() <= limits::select_fields_max);
    check(query->filter.branches.size() <= limits::filter_conditions_max);
    check(depth_of(query->filter) <= limits::filter_depth_max + 1);
    return 0;
}
