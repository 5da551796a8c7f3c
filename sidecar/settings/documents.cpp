#include "settings/documents.hpp"

#include "settings/document_rows.hpp"
#include "settings/identifier.hpp"
#include "settings/name_set.hpp"
#include "settings/tables.hpp"
#include "settings/wrap.hpp"

#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace understudy {

namespace json = boost::json;

namespace {

class document_reader {
public:
    document_reader(const config_tree& tree, const std::vector<table_setting>& mirrored, config_errors& errors)
        : tree_{tree}, mirrored_{mirrored}, errors_{errors}, rows_{tree, mirrored, errors}
    {
    }

    document_settings read(const json::object& section, const std::string& key)
    {
        document_settings document;
        document.file = json::value_to<std::string>(section.at("file"));
        if (const auto* header = section.if_contains("header")) document.header = header->as_bool();
        check_file(document.file, child_key(key, "file"));
        read_tables(section, key, document);
        if (const auto* wrap = section.if_contains("wrap")) read_wrap(*wrap, child_key(key, "wrap"), document);
        return document;
    }

    /// Members of a document that holds all tables.
    void claim_default_members(name_set& members, const std::string& key)
    {
        for (const auto& table : mirrored_)
            if (!table.name.empty()) claim_member(members, member_of(table_name{table.schema, table.name}), key);
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

    void read_tables(const json::object& section, const std::string& key, document_settings& document)
    {
        name_set members;
        if (document.header) members.claim("understudy", "the header");
        const auto* tables = section.if_contains("tables");
        if (tables == nullptr) return claim_default_members(members, key);
        std::size_t index = 0;
        for (const auto& entry : tables->as_array()) {
            auto where = child_key(child_key(key, "tables"), index++);
            document.tables.push_back(rows_.read_table(entry, where));
            if (const auto& table = document.tables.back(); !table.table.empty())
                claim_member(members, member_of(table), entry.is_object() ? child_key(where, "table") : where);
        }
    }

    /// The tables come in the order in which the template has them.
    void read_wrap(const json::value& wrap, const std::string& key, document_settings& document)
    {
        if (document.tables.empty()) return complain(key, "needs tables, for it names their members");
        auto pieces = split_wrap(wrap);
        std::vector<document_table> ordered;
        for (const auto& member : pieces.members) {
            auto named = [&](const document_table& table) { return member_of(table) == member; };
            auto found = std::find_if(document.tables.begin(), document.tables.end(), named);
            if (found != document.tables.end())
                ordered.push_back(*found);
            else
                complain(key, fmt::format("`${}` is no member of this document's tables; a text that begins with $ is "
                                          "written with $$",
                                          member));
        }
        check_wrapped(pieces, key, document);
        if (wrap.is_object() || !document.header)
            check_header(wrap, key, document);
        else
            complain(key, "a header needs a section to stand in; write header: false");
        document.tables = std::move(ordered);
        document.wrap = std::move(pieces.texts);
    }

    void check_wrapped(const wrap_pieces& pieces, const std::string& key, const document_settings& document)
    {
        for (const auto& table : document.tables) {
            auto member = member_of(table);
            auto times = std::count(pieces.members.begin(), pieces.members.end(), member);
            if (times == 1) continue;
            complain(key, times == 0 ? fmt::format("has no place for the rows of `{}`: write ${}", member, member)
                                     : fmt::format("has the rows of `{}` more than once", member));
        }
    }

    void check_header(const json::value& wrap, const std::string& key, const document_settings& document)
    {
        if (document.header && wrap.as_object().contains("understudy"))
            complain(key, "the member name `understudy` is taken by the header; write header: false");
    }

    const config_tree& tree_;
    const std::vector<table_setting>& mirrored_;
    config_errors& errors_;
    document_rows_reader rows_;
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
