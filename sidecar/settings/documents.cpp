#include "settings/documents.hpp"

#include "settings/identifier.hpp"
#include "settings/tables.hpp"

#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace understudy {

namespace json = boost::json;

namespace {

std::string text_or(const json::object& section, std::string_view name, std::string_view otherwise)
{
    const auto* found = section.if_contains(name);
    return std::string{found != nullptr ? std::string_view{found->as_string()} : otherwise};
}

bool is_mirrored(const table_setting& entry, const std::string& column)
{
    auto lists = [&](const auto& names) { return std::find(names.begin(), names.end(), column) != names.end(); };
    return entry.columns.empty() ? !lists(entry.exclude) : lists(entry.columns);
}

/// `name` or `name: as`.
std::pair<std::string, std::string> column_and_member(const json::value& entry)
{
    if (const auto* text = entry.if_string()) return {std::string{*text}, std::string{*text}};
    const auto& renamed = *entry.as_object().begin();
    return {std::string{renamed.key()}, json::value_to<std::string>(renamed.value())};
}

/// Where each name was first used; says no to the second use.
class name_set {
public:
    /// The key of the first use when the name is taken, else empty.
    std::string claim(const std::string& name, const std::string& key)
    {
        auto [first, fresh] = used_.try_emplace(name, key);
        return fresh ? std::string{} : first->second;
    }

private:
    std::map<std::string, std::string> used_;
};

class document_reader {
public:
    document_reader(const config_tree& tree, const std::vector<table_setting>& mirrored, config_errors& errors)
        : tree_{tree}, mirrored_{mirrored}, errors_{errors}
    {
    }

    document_settings read(const json::object& section, const std::string& key)
    {
        document_settings document{.file = text_or(section, "file", ""), .header = true, .tables = {}};
        if (const auto* header = section.if_contains("header")) document.header = header->as_bool();
        check_file(document.file, child_key(key, "file"));
        name_set members;
        if (document.header) members.claim("understudy", "the header");
        const auto* tables = section.if_contains("tables");
        if (tables == nullptr) {
            claim_default_members(members, key);
            return document;
        }
        std::size_t index = 0;
        for (const auto& entry : tables->as_array())
            document.tables.push_back(read_table(entry, child_key(child_key(key, "tables"), index++), members));
        return document;
    }

    /// Members of a document that holds all tables.
    void claim_default_members(name_set& members, const std::string& key)
    {
        for (const auto& table : mirrored_)
            if (!table.name.empty()) claim_member(members, member_of({table.schema, table.name}), key);
    }

private:
    void complain(const std::string& key, std::string message)
    {
        errors_.push_back(tree_.error_at(key, std::move(message)));
    }

    void check_file(const std::string& file, const std::string& key)
    {
        if (file == "manifest.json") complain(key, "manifest.json is the name of the generation's own manifest");
        if (auto first = files_.claim(file, key); !first.empty())
            complain(key, fmt::format("the same file as {}", first));
    }

    void claim_member(name_set& members, const std::string& member, const std::string& key)
    {
        if (auto first = members.claim(member, key); !first.empty())
            complain(key, fmt::format("the member name `{}` is taken by {}; give another with as", member, first));
    }

    document_table read_table(const json::value& entry, const std::string& key, name_set& members)
    {
        const auto* section = entry.if_object();
        const auto& written = section != nullptr ? section->at("table") : entry;
        auto where = section != nullptr ? child_key(key, "table") : key;
        document_table table;
        auto name = parse_table_name(written.as_string());
        if (!name) {
            complain(where, name.error().text);
            return table;
        }
        if (name->name.empty()) {
            complain(where, "a document names its tables one by one; leave out tables to have all");
            return table;
        }
        table.table = to_string(*name);
        const auto* mirrored = entry_for(mirrored_, *name);
        if (mirrored == nullptr) complain(where, fmt::format("{} is not in tables", quoted(*name)));
        if (section != nullptr) read_shape(*section, key, mirrored, table);
        claim_member(members, table.as.empty() ? member_of(*name) : table.as, where);
        return table;
    }

    void read_shape(const json::object& section, const std::string& key, const table_setting* mirrored,
                    document_table& table)
    {
        table.as = text_or(section, "as", "");
        table.keyed_by = text_or(section, "keyed_by", "");
        check_column(mirrored, table.keyed_by, child_key(key, "keyed_by"));
        if (const auto* columns = section.if_contains("columns"))
            read_columns(columns->as_array(), child_key(key, "columns"), mirrored, table);
    }

    void read_columns(const json::array& entries, const std::string& key, const table_setting* mirrored,
                      document_table& table)
    {
        name_set members;
        for (std::size_t index = 0; index < entries.size(); ++index) {
            auto where = child_key(key, index);
            auto [column, member] = column_and_member(entries[index]);
            check_column(mirrored, column, where);
            if (!members.claim(member, where).empty())
                complain(where, fmt::format("the member name `{}` is written twice", member));
            table.columns.emplace_back(std::move(column), std::move(member));
        }
    }

    void check_column(const table_setting* mirrored, const std::string& column, const std::string& key)
    {
        if (mirrored != nullptr && !column.empty() && !is_mirrored(*mirrored, column))
            complain(key, fmt::format("the column `{}` is not mirrored: see tables", column));
    }

    const config_tree& tree_;
    const std::vector<table_setting>& mirrored_;
    config_errors& errors_;
    name_set files_;
};

}  // namespace

std::vector<document_settings> read_documents(const config_tree& tree, const std::vector<table_setting>& tables,
                                              config_errors& errors)
{
    document_reader reader{tree, tables, errors};
    const auto* entries = tree.find("documents");
    if (entries == nullptr) {
        name_set members;
        members.claim("understudy", "the header");
        reader.claim_default_members(members, "tables");
        return {document_settings{}};
    }
    std::vector<document_settings> documents;
    if (!entries->is_array()) return documents;
    std::size_t index = 0;
    for (const auto& entry : entries->get_array()) {
        auto key = child_key("documents", index++);
        if (is_sound(errors, key)) documents.push_back(reader.read(entry.as_object(), key));
    }
    return documents;
}

}  // namespace understudy
