#include "core/limits.hpp"
#include "render/column_format.hpp"
#include "render/format_node.hpp"

#include <algorithm>
#include <unordered_map>

namespace understudy {

namespace {

/// Follows a type through domains, arrays and composites. Each type is compiled once, so the work is bounded by
/// the catalog even where composites use one another many times.
class format_compiler {
public:
    explicit format_compiler(const type_catalog& types) noexcept : types_{types} {}

    /// `depth`: levels above this one. It also ends a catalog that goes round in a circle.
    result<format_node_ptr> compile(oid type, std::size_t depth)
    {
        if (depth >= limits::nesting_max) return make_error_code(errc::over_limit);
        if (auto known = done_.find(type); known != done_.end()) return within_limit(known->second, depth);
        auto made = make(type, depth);
        if (made) done_.emplace(type, *made);
        return made;
    }

private:
    static result<format_node_ptr> within_limit(const format_node_ptr& node, std::size_t depth)
    {
        if (depth + node->height > limits::nesting_max) return make_error_code(errc::over_limit);
        return node;
    }

    result<format_node_ptr> make(oid type, std::size_t depth)
    {
        if (const auto* found = find_builtin(type)) return make_builtin(*found, depth);
        if (const auto* element = find_builtin_element(type))
            return make_sequence(json_form::array, element->id, element->delimiter, depth);
        if (const auto* found = types_.find(type)) return make_from(*found, depth);
        return make_error_code(errc::unsupported_type);
    }

    result<format_node_ptr> make_builtin(const builtin_type& found, std::size_t depth)
    {
        if (found.json == json_form::vector) return make_sequence(json_form::vector, found.element, ' ', depth);
        return leaf(found.json, found.key);
    }

    result<format_node_ptr> make_from(const type_facts& facts, std::size_t depth)
    {
        if (facts.kind == 'd') return compile(facts.base, depth + 1);
        if (facts.kind == 'c') return make_record(facts, depth);
        if (facts.kind == 'p') return make_error_code(errc::unsupported_type);
        if (facts.element != 0) return make_sequence(json_form::array, facts.element, facts.delimiter, depth);
        if (!facts.casts_to_json) return leaf(json_form::quoted, key_form::text);
        if (facts.name == "hstore") return leaf(json_form::hstore, key_form::text);
        return make_error_code(errc::unsupported_type);
    }

    static result<format_node_ptr> leaf(json_form json, key_form key)
    {
        format_node node;
        node.json = json;
        node.key = key;
        return std::make_shared<const format_node>(std::move(node));
    }

    result<format_node_ptr> make_sequence(json_form json, oid element, char delimiter, std::size_t depth)
    {
        auto inside = compile(element, depth + 1);
        if (!inside) return inside;
        format_node node;
        node.json = json;
        node.delimiter = delimiter;
        node.element = *inside;
        node.height = node.element->height + 1;
        return std::make_shared<const format_node>(std::move(node));
    }

    result<format_node_ptr> make_record(const type_facts& facts, std::size_t depth)
    {
        format_node node;
        node.json = json_form::record;
        for (const auto& attribute : facts.attributes) {
            auto inside = compile(attribute.type, depth + 1);
            if (!inside) return inside;
            node.height = std::max(node.height, (*inside)->height + 1);
            node.members.push_back({label_of(attribute.name), *inside});
        }
        return std::make_shared<const format_node>(std::move(node));
    }

    static std::string label_of(std::string_view name)
    {
        std::string label;
        append_json_string(name, label);
        return label + ':';
    }

    const type_catalog& types_;
    std::unordered_map<oid, format_node_ptr> done_;
};

/// Of a type that compiles: its domains come to an end.
std::string_view kind_of(const type_catalog& types, oid type) noexcept
{
    if (const auto* builtin = find_builtin(type)) return builtin->json == json_form::vector ? "" : builtin->name;
    const auto* facts = types.find(type);
    if (facts == nullptr) return "";
    if (facts->kind == 'd') return kind_of(types, facts->base);
    return facts->kind == 'e' ? "enum" : "";
}

}  // namespace

result<column_format> column_format::compile(const type_catalog& types, oid type)
{
    auto root = format_compiler{types}.compile(type, 0);
    if (!root) return root.error();
    return column_format{*root, kind_of(types, type)};
}

}  // namespace understudy
