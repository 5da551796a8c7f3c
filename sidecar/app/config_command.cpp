#include "app/clean_text.hpp"
#include "app/commands.hpp"
#include "app/output.hpp"
#include "settings/keys.hpp"
#include "settings/load.hpp"
#include "settings/shown.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <iostream>

namespace understudy {

namespace json = boost::json;

namespace {

json::value json_of(const config_error& error)
{
    json::object entry{{"key", error.key}, {"message", error.message}};
    if (!error.variable.empty()) entry["variable"] = error.variable;
    if (error.file.empty()) return entry;
    entry["file"] = error.file;
    entry["line"] = error.line;
    entry["column"] = error.column;
    return entry;
}

json::array json_of(const config_errors& errors)
{
    json::array entries;
    for (const auto& error : errors) entries.push_back(json_of(error));
    return entries;
}

const char* name_of(setting_origin::kind from)
{
    switch (from) {
    case setting_origin::kind::default_value: return "default";
    case setting_origin::kind::file: return "file";
    case setting_origin::kind::environment: return "environment";
    }
    return "";
}

json::object json_of(const setting_origin& origin, const std::string& file)
{
    json::object entry{{"from", name_of(origin.from)}};
    if (origin.from == setting_origin::kind::environment) entry["variable"] = origin.place.variable;
    if (origin.from == setting_origin::kind::file) {
        entry["file"] = file;
        entry["line"] = origin.place.line;
        entry["column"] = origin.place.column;
    }
    if (!origin.secret_file.empty()) entry["secret_file"] = origin.secret_file;
    return entry;
}

int refuse(const config_failure& failed, bool as_json)
{
    if (as_json) write_json(std::cout, json::object{{"errors", json_of(failed.errors)}});
    for (const auto& error : failed.errors) std::cerr << clean_text(to_string(error)) << '\n';
    return finish_output(2);
}

/// A list takes one row for each element.
void add_rows(text_table& table, std::string_view key, const json::value& value, const std::string& origin)
{
    const auto* list = value.if_array();
    if (list == nullptr) return table.add({fmt::format("{}:", key), shown_text(value), "# " + origin});
    table.add({fmt::format("{}:", key), "", "# " + origin});
    for (const auto& element : *list) table.add({"  - " + shown_text(element)});
}

void write_for_people(const loaded_settings& loaded)
{
    text_table table;
    for (const auto& key : setting_keys())
        add_rows(table, key.name, key.show(loaded.values),
                 shown_origin(loaded.origins.at(std::string{key.name}), loaded.file));
    table.write(std::cout);
}

void write_for_programs(const loaded_settings& loaded)
{
    json::object entries;
    for (const auto& key : setting_keys()) {
        auto entry = json_of(loaded.origins.at(std::string{key.name}), loaded.file);
        entry["value"] = key.show(loaded.values);
        entries[key.name] = std::move(entry);
    }
    write_json(std::cout, json::object{{"settings", std::move(entries)}, {"warnings", json_of(loaded.warnings)}});
}

}  // namespace

int config_command(const command_options& options)
{
    auto loaded = load(options.config, process_environment());
    if (!loaded) return refuse(loaded.error(), options.json);
    if (options.json)
        write_for_programs(*loaded);
    else
        write_for_people(*loaded);
    for (const auto& warning : loaded->warnings) std::cerr << "warning: " << clean_text(to_string(warning)) << '\n';
    return finish_output(0);
}

}  // namespace understudy
