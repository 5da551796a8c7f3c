#include "settings/tables.hpp"

#include "settings/identifier.hpp"

#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace understudy {

namespace json = boost::json;

namespace {

std::vector<std::string> read_names(const json::object& entry, std::string_view member)
{
    const auto* names = entry.if_contains(member);
    return names != nullptr ? json::value_to<std::vector<std::string>>(*names) : std::vector<std::string>{};
}

class table_reader {
public:
    table_reader(const config_tree& tree, config_errors& errors) : tree_{tree}, errors_{errors} {}

    void read(const json::value& entry, const std::string& key)
    {
        const auto* section = entry.if_object();
        const auto& written = section != nullptr ? section->at("table") : entry;
        auto where = section != nullptr ? child_key(key, "table") : key;
        auto name = parse_table_name(written.as_string());
        if (!name) return complain(where, name.error().text);
        table_setting table{.schema = name->schema, .name = name->name, .columns = {}, .exclude = {}};
        if (section != nullptr) read_columns(*section, key, table);
        auto [first, fresh] = seen_.try_emplace(*name, where);
        if (!fresh) complain(where, fmt::format("{} is already listed as {}", quoted(*name), first->second));
        tables_.push_back(std::move(table));
    }

    std::vector<table_setting> take() { return std::move(tables_); }

private:
    void complain(const std::string& key, std::string message)
    {
        errors_.push_back(tree_.error_at(key, std::move(message)));
    }

    void read_columns(const json::object& section, const std::string& key, table_setting& table)
    {
        table.columns = read_names(section, "columns");
        table.exclude = read_names(section, "exclude");
        refuse_repeats(table.columns, child_key(key, "columns"));
        refuse_repeats(table.exclude, child_key(key, "exclude"));
        if (!table.columns.empty() && !table.exclude.empty())
            complain(child_key(key, "exclude"), "columns and exclude contradict each other; keep one of them");
        if (!table.columns.empty() && table.name.empty())
            complain(child_key(key, "columns"), "columns need one table, not a whole schema");
    }

    void refuse_repeats(const std::vector<std::string>& names, const std::string& key)
    {
        for (auto name = names.begin(); name != names.end(); ++name)
            if (std::find(names.begin(), name, *name) != name)
                complain(child_key(key, static_cast<std::size_t>(name - names.begin())), "the column is listed twice");
    }

    const config_tree& tree_;
    config_errors& errors_;
    std::map<table_name, std::string> seen_;
    std::vector<table_setting> tables_;
};

}  // namespace

std::vector<table_setting> read_tables(const config_tree& tree, config_errors& errors)
{
    table_reader reader{tree, errors};
    std::size_t index = 0;
    const auto* entries = tree.find("tables");
    if (entries == nullptr || !entries->is_array()) return {};
    for (const auto& entry : entries->get_array()) {
        auto key = child_key("tables", index++);
        if (is_sound(errors, key)) reader.read(entry, key);
    }
    return reader.take();
}

const table_setting* entry_for(const std::vector<table_setting>& tables, const table_name& name)
{
    const table_setting* whole_schema = nullptr;
    for (const auto& entry : tables) {
        if (entry.schema != name.schema) continue;
        if (entry.name == name.name) return &entry;
        if (entry.name.empty()) whole_schema = &entry;
    }
    return whole_schema;
}

}  // namespace understudy
