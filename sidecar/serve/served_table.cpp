#include "serve/served_table.hpp"

#include "render/column_format.hpp"
#include "render/json_fragment.hpp"

#include <algorithm>

namespace understudy {

served_table::served_table(const manifest_table& from) : name_{from.name}
{
    for (const auto& column : from.columns) {
        served_column made;
        made.name = column.name;
        made.prefix = columns_.empty() ? "{" : ",";
        append_json_string(column.name, made.prefix);
        made.prefix += ':';
        made.kind = column.kind;
        made.type = column.type;
        made.comparison = value_kind::find(column.kind);
        columns_.push_back(std::move(made));
    }
    for (const auto& name : from.key)
        if (auto place = find_column(name)) key_.push_back(*place);
}

std::optional<std::size_t> served_table::find_column(std::string_view name) const noexcept
{
    auto found = std::ranges::find(columns_, name, &served_column::name);
    if (found == columns_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns_.begin());
}

bool served_table::split(std::string_view row, std::size_t count, row_values& into) const
{
    into.clear();
    for (std::size_t at = 0; at < count; ++at) {
        const auto& prefix = columns_[at].prefix;
        if (!row.starts_with(prefix)) return false;
        row.remove_prefix(prefix.size());
        auto size = json_fragment_size(row);
        if (size == 0) return false;
        into.push_back(row.substr(0, size));
        row.remove_prefix(size);
    }
    return true;
}

}  // namespace understudy
