#include "settings/schema_check.hpp"

#include "settings/config_schema.hpp"
#include "settings/nearest.hpp"

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <boost/json/value_to.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace understudy {

namespace json = boost::json;

namespace {

using value_path = std::vector<std::string>;

/// The validator names a place as `<root>`, `[tables]`, `[0]`.
value_path path_from(const std::vector<std::string>& context)
{
    value_path path;
    for (const auto& part : context)
        if (part != "<root>") path.push_back(part.substr(1, part.size() - 2));
    return path;
}

/// Every place that does not fit, with the sections around it. The validator decides; the words are ours,
/// because its own speak about schemas and repeat values, which could be secrets.
std::set<value_path> misfits(const json::value& root)
{
    valijson::Schema schema;
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::BoostJsonAdapter{config_schema()}, schema);
    valijson::Validator validator;
    valijson::ValidationResults results;
    validator.validate(schema, valijson::adapters::BoostJsonAdapter{root}, &results);
    std::set<value_path> paths;
    for (const auto& problem : results) paths.insert(path_from(problem.context));
    return paths;
}

struct located {
    const json::value* value;
    std::string key;
};

located locate(const json::value& root, const value_path& path)
{
    located found{&root, {}};
    for (const auto& name : path) {
        if (const auto* list = found.value->if_array()) {
            std::size_t index = 0;
            std::from_chars(name.data(), name.data() + name.size(), index);
            found = {&list->at(index), child_key(found.key, index)};
        } else {
            found = {&found.value->as_object().at(name), child_key(found.key, name)};
        }
    }
    return found;
}

std::string_view type_of(const json::value& value)
{
    switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "boolean";
    case json::kind::int64:
    case json::kind::uint64: return "integer";
    case json::kind::double_: return "number";
    case json::kind::string: return "string";
    case json::kind::array: return "array";
    case json::kind::object: return "object";
    }
    return "null";
}

std::string_view words_for(std::string_view type)
{
    if (type == "null") return "nothing";
    if (type == "boolean") return "true or false";
    if (type == "integer") return "a number";
    if (type == "number") return "a number with a fraction";
    if (type == "string") return "text";
    return type == "array" ? "a list" : "a section";
}

std::string expected_unit(std::string_view unit)
{
    if (unit == "duration") return "a duration such as 250ms, 5s, 10m, 1h or 1d";
    return "a size such as 100, 512KiB, 64MiB or 1GiB";
}

std::string expected_choice(const json::array& choices)
{
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.emplace_back(choice.as_string());
    return fmt::format("one of {}", fmt::join(names, ", "));
}

std::string expected_by(const json::object& schema)
{
    if (const auto* words = schema.if_contains("x-expected")) return json::value_to<std::string>(*words);
    if (const auto* unit = schema.if_contains("x-unit")) return expected_unit(unit->as_string());
    if (const auto* choices = schema.if_contains("enum")) return expected_choice(choices->as_array());
    return fmt::format("a whole number from {} to {}", schema.at("minimum").to_number<std::int64_t>(),
                       schema.at("maximum").to_number<std::int64_t>());
}

std::vector<std::string> names_in(const json::object& schema)
{
    std::vector<std::string> names;
    for (const auto& property : schema.at("properties").as_object()) names.emplace_back(property.key());
    return names;
}

/// A key that would be known in another section.
std::string_view same_name_elsewhere(std::string_view name)
{
    for (const auto& key : schema_keys())
        if (std::string_view{key}.substr(key.rfind('.') + 1) == name) return key;
    return {};
}

std::string unknown_key(const json::object& schema, const std::string& section, std::string_view name)
{
    auto known = names_in(schema);
    if (auto near = nearest(name, known); !near.empty())
        return fmt::format("unknown key; did you mean {}?", child_key(section, near));
    if (auto elsewhere = same_name_elsewhere(name); !elsewhere.empty())
        return fmt::format("unknown key; did you mean {}?", elsewhere);
    return fmt::format("unknown key; known here: {}", fmt::join(known, ", "));
}

/// Puts one misfit after the other into words.
class explainer {
public:
    explainer(const config_tree& tree, const std::set<value_path>& misfits, config_errors& errors)
        : tree_{tree}, misfits_{misfits}, errors_{errors}
    {
    }

    void explain(const value_path& path)
    {
        auto [value, key] = locate(tree_.root, path);
        const auto* schema = schema_of(path);
        if (schema == nullptr) return;  // an unknown key's inside: the key itself is reported
        if (!allows_type(*schema, type_of(*value))) {
            add(key, fmt::format("expected {}; found {}", expected_by(*schema), words_for(type_of(*value))));
            return;
        }
        auto before = errors_.size();
        if (const auto* section = value->if_object()) explain_members(*schema, *section, key);
        if (errors_.size() == before && !has_inner(path)) add(key, fmt::format("expected {}", expected_by(*schema)));
    }

private:
    void add(const std::string& key, std::string message)
    {
        errors_.push_back(tree_.error_at(key, std::move(message)));
    }

    void explain_members(const json::object& schema, const json::object& section, const std::string& key)
    {
        const auto* known = schema.if_contains("properties");
        if (known == nullptr) return;
        std::set<std::string, std::less<>> misspelt;
        for (const auto& [name, value] : section) {
            if (known->as_object().contains(name)) continue;
            errors_.push_back(tree_.error_at_name(child_key(key, name), unknown_key(schema, key, name)));
            misspelt.insert(std::string{nearest(name, names_in(schema))});
        }
        const auto* required = schema.if_contains("required");
        if (required == nullptr) return;
        for (const auto& name : required->as_array())
            if (!section.contains(name.as_string()) && !misspelt.contains(std::string_view{name.as_string()}))
                add_missing(known->as_object(), key, name.as_string());
    }

    void add_missing(const json::object& known, const std::string& key, std::string_view name)
    {
        add(child_key(key, name), fmt::format("missing; expected {}", expected_by(known.at(name).as_object())));
    }

    /// True when the reason lies deeper, in a member or element.
    bool has_inner(const value_path& path) const
    {
        auto next = misfits_.upper_bound(path);
        return next != misfits_.end() && next->size() > path.size() &&
               std::equal(path.begin(), path.end(), next->begin());
    }

    const config_tree& tree_;
    const std::set<value_path>& misfits_;
    config_errors& errors_;
};

}  // namespace

void check_schema(const config_tree& tree, config_errors& errors)
{
    auto paths = misfits(tree.root);
    explainer words{tree, paths, errors};
    for (const auto& path : paths) words.explain(path);
}

}  // namespace understudy
