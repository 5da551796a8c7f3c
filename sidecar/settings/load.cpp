#include "settings/load.hpp"

#include "settings/combinations.hpp"
#include "settings/connection.hpp"
#include "settings/credentials.hpp"
#include "settings/documents.hpp"
#include "settings/kafka.hpp"
#include "settings/keys.hpp"
#include "settings/listen.hpp"
#include "settings/schema_check.hpp"
#include "settings/secret_file.hpp"
#include "settings/tables.hpp"
#include "settings/unit_check.hpp"
#include "settings/yaml_reader.hpp"

#include <boost/json/value_to.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::string_view connection_key = "source.postgres.connection";
constexpr std::string_view connection_file_key = "source.postgres.connection_file";
constexpr std::string_view token_file_key = "serve.token_file";

setting_origin origin_of(const config_tree& tree, std::string_view key)
{
    using enum setting_origin::kind;
    if (tree.find(key) == nullptr) return {};
    auto place = tree.place_of(key);
    auto from = place.variable.empty() ? file : environment;
    return {.from = from, .place = std::move(place), .secret_file = {}};
}

/// Fills settings from a tree, section by section, and collects what is wrong.
///
/// A value is only read when the schema check found nothing in it or around it, so everything else is checked
/// all the same and one mistake hides no other.
class loader {
public:
    loader(config_tree& tree, config_errors& errors, secrets wanted) : tree_{tree}, errors_{errors}, secrets_{wanted}
    {
        loaded_.file = tree.file;
    }

    loaded_settings load()
    {
        check_schema(tree_, errors_);
        check_units(tree_, errors_);
        read_keys();
        read_source();
        if (are_sound({"cadence.min_interval", "cadence.every", "cadence.after_quiet"}))
            check_cadence(loaded_.values.cadence, tree_, errors_);
        read_serving();
        if (are_sound({"state.directory", "snapshot.directory"})) check_directories(loaded_.values, tree_, errors_);
        read_lists();
        return std::move(loaded_);
    }

private:
    bool are_sound(std::initializer_list<std::string_view> keys) const
    {
        return std::all_of(keys.begin(), keys.end(), [&](auto key) { return is_sound(errors_, key); });
    }

    void read_source()
    {
        if (tree_.find("source.kafka") == nullptr) {
            if (are_sound({connection_key, connection_file_key})) read_connection();
            return;
        }
        auto& kafka = loaded_.values.kafka;
        read_kafka(tree_, kafka, errors_);
        const auto* file = tree_.find(kafka_properties_file_key);
        if (file == nullptr || secrets_ == secrets::unneeded || !are_sound({kafka_properties_file_key})) return;
        auto text = read_secret_file(json::value_to<std::string>(*file));
        if (!text) return complain(kafka_properties_file_key, text.error().text);
        add_kafka_properties(*text, tree_, kafka, errors_);
    }

    void read_keys()
    {
        for (const auto& key : setting_keys()) {
            loaded_.origins.emplace(key.name, origin_of(tree_, key.name));
            const auto* value = tree_.find(key.name);
            if (value != nullptr && key.read != nullptr && is_sound(errors_, key.name))
                key.read(loaded_.values, *value);
        }
    }

    /// Documents are compared with the tables, so they wait until those are right.
    void read_lists()
    {
        loaded_.values.tables = read_tables(tree_, errors_);
        if (is_sound(errors_, "tables"))
            loaded_.values.documents = read_documents(tree_, loaded_.values.tables, errors_);
    }

    void read_serving()
    {
        auto& serve = loaded_.values.serve;
        if (!are_sound({"serve"})) return;
        serve.listen = read_listen(tree_, errors_);
        const auto* token_file = tree_.find(token_file_key);
        if (token_file != nullptr && secrets_ == secrets::needed) read_token(json::value_to<std::string>(*token_file));
        if (are_sound({"serve"})) check_serving(serve, tree_, errors_);
    }

    void read_token(const std::string& file)
    {
        auto token = read_secret_file(file);
        if (!token) return complain(token_file_key, token.error().text);
        if (!std::ranges::all_of(*token, [](char byte) { return byte > ' ' && byte < '\x7F'; }))
            return complain(token_file_key, file + ": holds more than one line of visible ASCII");
        loaded_.values.serve.token = std::move(*token);
    }

    void complain(std::string_view key, std::string message)
    {
        errors_.push_back(tree_.error_at(key, std::move(message)));
    }

    void read_connection()
    {
        const auto* text = tree_.find(connection_key);
        const auto* file = tree_.find(connection_file_key);
        if (text == nullptr && file == nullptr)
            complain(connection_key, "missing; expected a libpq connection string or URI, or connection_file");
        else if (text != nullptr && file != nullptr)
            complain(connection_file_key, "contradicts source.postgres.connection; keep one of them");
        else if (text == nullptr)
            read_connection_file(json::value_to<std::string>(*file));
        else
            take_connection(connection_key, json::value_to<std::string>(*text));
    }

    void read_connection_file(const std::string& file)
    {
        if (secrets_ == secrets::unneeded) return;
        auto text = read_secret_file(file);
        if (!text) return complain(connection_file_key, text.error().text);
        auto origin = origin_of(tree_, connection_file_key);
        origin.secret_file = file;
        loaded_.origins.insert_or_assign(std::string{connection_key}, std::move(origin));
        take_connection(connection_file_key, std::move(*text));
    }

    void take_connection(std::string_view key, std::string connection)
    {
        if (auto error = connection_error(connection)) return complain(key, *error);
        if (key == connection_key && has_password(connection))
            loaded_.warnings.push_back(tree_.error_at(
                key, "holds a password; a passfile or connection_file keeps it out of the configuration"));
        loaded_.values.postgres.connection = std::move(connection);
    }

    config_tree& tree_;
    config_errors& errors_;
    secrets secrets_;
    loaded_settings loaded_;
};

/// Errors at one place stay in the order in which they were found. Not std::stable_sort: libstdc++ 12 builds it
/// on what clang warns about as deprecated.
config_errors sorted_by_place(config_errors errors)
{
    std::multimap<std::pair<int, int>, config_error> by_place;
    for (auto& error : errors) by_place.emplace(std::pair{error.line, error.column}, std::move(error));
    config_errors sorted;
    for (auto& [place, error] : by_place) sorted.push_back(std::move(error));
    return sorted;
}

load_result finish(config_tree tree, const environment& variables, config_errors errors, secrets wanted)
{
    if (!errors.empty() && errors.front().key.empty()) return config_failure{std::move(errors)};  // not a tree at all
    apply_environment(tree, variables, errors);
    if (wanted == secrets::needed) expand_credentials(tree, variables, errors);
    auto loaded = loader{tree, errors, wanted}.load();
    if (errors.empty()) return loaded;
    return config_failure{sorted_by_place(std::move(errors))};
}

}  // namespace

load_result load(const std::filesystem::path& file, const environment& variables, secrets wanted)
{
    config_errors errors;
    auto tree = read_yaml_file(file, errors);
    return finish(std::move(tree), variables, std::move(errors), wanted);
}

load_result load_text(std::string_view text, std::string_view name, const environment& variables, secrets wanted)
{
    config_errors errors;
    auto tree = read_yaml_text(text, name, errors);
    return finish(std::move(tree), variables, std::move(errors), wanted);
}

std::string to_string(const config_failure& failed)
{
    std::vector<std::string> lines;
    for (const auto& error : failed.errors) lines.push_back(to_string(error));
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace understudy
