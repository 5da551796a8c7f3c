#include "app/left_out.hpp"

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

std::map<table_name, std::vector<left_out_column>> left_out_columns(const std::vector<table_setting>& wanted,
                                                                    const std::vector<mirrored_table>& tables)
{
    std::map<table_name, std::vector<left_out_column>> all;
    for (const auto& table : tables)
        for (const auto& column : table.left_out)
            all[table.record.name].push_back({column, why_left_out(wanted, table.record.name, column)});
    return all;
}

}  // namespace understudy
