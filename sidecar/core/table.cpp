#include "core/table.hpp"

#include <algorithm>

namespace understudy {

std::string to_string(const table_name& name)
{
    return name.schema + "." + name.name;
}

std::string member_of(const table_name& name)
{
    return name.schema == "public" ? name.name : to_string(name);
}

lsn newest_copy(const std::vector<table_record>& tables) noexcept
{
    lsn newest;
    for (const auto& table : tables) newest = std::max(newest, table.valid_from);
    return newest;
}

const table_record* find_table(const std::vector<table_record>& tables, oid relation) noexcept
{
    auto found = std::find_if(tables.begin(), tables.end(),
                              [relation](const table_record& table) { return table.relation == relation; });
    return found == tables.end() ? nullptr : &*found;
}

}  // namespace understudy
