#include "app/table_descriptions.hpp"

namespace understudy {

namespace {

// Why a column is not mirrored: the settings leave it out, or the publication or the server do.
const char* why_left_out(const std::vector<table_setting>& wanted, const table_name& table, const std::string& column)
{
    for (const auto& setting : wanted) {
        if (setting.schema != table.schema || (!setting.name.empty() && setting.name != table.name)) continue;
        if (!setting.chooses(column)) return "excluded";
    }
    return "not_sent";
}

}  // namespace

std::map<table_name, table_description> describe_tables(const std::vector<table_setting>& wanted,
                                                        const std::vector<mirrored_table>& tables)
{
    std::map<table_name, table_description> all;
    for (const auto& table : tables) {
        auto& description = all[table.record.name];
        for (const auto& format : table.formats) description.kinds.emplace_back(format.kind());
        description.losses = table.losses;
        for (const auto& column : table.left_out)
            description.left_out.push_back({column, why_left_out(wanted, table.record.name, column)});
    }
    return all;
}

}  // namespace understudy
