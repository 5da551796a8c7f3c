#include "publish/row_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

failure row_names::refuse(const char* why) const
{
    return {errc::bad_config, fmt::format("documents: table {} cannot be keyed by {}: {}; choose a column that is "
                                          "unique and not null, or an array",
                                          to_string(plan_.name), plan_.keyed_by_name, why)};
}

outcome<void> row_names::append(const tuple_field& value, std::string& out)
{
    auto text = value.fragment;
    if (text.empty() || text == "null") return refuse("a row has no value there");
    if (text.front() == '{' || text.front() == '[') return refuse("its values are arrays or objects");
    auto is_string = text.front() == '"';
    if (is_string) text = text.substr(1, text.size() - 2);
    if (plan_.keys_may_repeat) seen_.push_back(XXH3_128bits(text.data(), text.size()));
    out += '"';
    out += text;
    out += "\":";
    return boost::system::in_place_value;
}

outcome<void> row_names::check_unique()
{
    auto less = [](const XXH128_hash_t& a, const XXH128_hash_t& b) { return XXH128_cmp(&a, &b) < 0; };
    auto same = [](const XXH128_hash_t& a, const XXH128_hash_t& b) { return XXH128_isEqual(a, b) != 0; };
    std::sort(seen_.begin(), seen_.end(), less);
    if (std::adjacent_find(seen_.begin(), seen_.end(), same) != seen_.end()) return refuse("two rows have one value");
    seen_.clear();
    return boost::system::in_place_value;
}

}  // namespace understudy
