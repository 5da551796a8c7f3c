#include "settings/yaml_reader.hpp"

#include "files/files.hpp"

#include <yaml-cpp/yaml.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sstream>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::size_t file_bytes_max = std::size_t{4} << 20;
constexpr std::size_t scalar_bytes_max = 8192;
constexpr std::size_t values_max = 200'000;  // aliases can repeat a part more often than memory allows
constexpr int depth_max = 32;

config_place place_at(const YAML::Mark& mark)
{
    return {.line = mark.line + 1, .column = mark.column + 1, .variable = {}};
}

/// Turns nodes into JSON values, noting the place of each.
class tree_builder {
public:
    tree_builder(config_tree& tree, config_errors& errors) : tree_{tree}, errors_{errors} {}

    json::value convert(const YAML::Node& node, const std::string& key, int depth)
    {
        tree_.values[key] = place_at(node.Mark());
        if (depth > depth_max || ++values_ > values_max) return refuse(key, "nested too deep or too large");
        if (node.IsMap()) return section(node, key, depth);
        if (node.IsSequence()) return list(node, key, depth);
        return node.IsScalar() ? scalar(node, key) : json::value{};
    }

private:
    json::value refuse(const std::string& key, std::string message)
    {
        if (!overflowed_) errors_.push_back(tree_.error_at(key, std::move(message)));
        overflowed_ = overflowed_ || values_ > values_max;
        return nullptr;
    }

    json::value section(const YAML::Node& node, const std::string& key, int depth)
    {
        json::object members;
        for (const auto& entry : node) {
            if (overflowed_) break;
            add_member(members, entry.first, entry.second, key, depth);
        }
        return members;
    }

    void add_member(json::object& members, const YAML::Node& name, const YAML::Node& value, const std::string& key,
                    int depth)
    {
        if (!name.IsScalar() || !is_printable_text(name.Scalar())) {
            tree_.values[child_key(key, "?")] = place_at(name.Mark());
            refuse(child_key(key, "?"), "a key has to be plain text");
            return;
        }
        auto inner = child_key(key, name.Scalar());
        auto where = place_at(name.Mark());
        if (members.contains(name.Scalar())) {
            refuse_duplicate(inner, where);
            return;
        }
        tree_.names[inner] = where;
        members.emplace(name.Scalar(), convert(value, inner, depth + 1));
    }

    void refuse_duplicate(const std::string& key, const config_place& where)
    {
        const auto& first = tree_.names[key];
        auto message = fmt::format("duplicate key, first written at {}:{}", first.line, first.column);
        errors_.push_back({tree_.file, where.line, where.column, {}, key, std::move(message)});
    }

    json::value list(const YAML::Node& node, const std::string& key, int depth)
    {
        json::array elements;
        for (const auto& element : node) {
            if (overflowed_) break;
            elements.push_back(convert(element, child_key(key, elements.size()), depth + 1));
        }
        return elements;
    }

    json::value scalar(const YAML::Node& node, const std::string& key)
    {
        const auto& text = node.Scalar();
        if (text.size() > scalar_bytes_max) return refuse(key, fmt::format("longer than {} bytes", scalar_bytes_max));
        if (!is_printable_text(text)) return refuse(key, "holds a control character");
        return node.Tag() == "?" ? plain_scalar(text) : json::value(text);
    }

    config_tree& tree_;
    config_errors& errors_;
    std::size_t values_ = 0;
    bool overflowed_ = false;
};

/// yaml-cpp adds the offending text after a colon; it could be part of a secret.
std::string without_detail(std::string_view message)
{
    return fmt::format("not YAML: {}", message.substr(0, message.find(": ")));
}

template <class Number>
std::optional<json::value> whole_number(std::string_view text)
{
    Number number{};
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return json::value(number);
}

bool looks_numeric(std::string_view text) noexcept
{
    auto digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != digits.npos) return false;
    if (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') return false;
    return digits[0] >= '0' && digits[0] <= '9';
}

/// Nothing when it cannot be read; errno says why. One byte more than allowed tells a file that is too large.
std::optional<std::string> read_whole(const std::filesystem::path& file)
{
    descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (opened.get() < 0) return std::nullopt;
    return read_up_to(opened.get(), file_bytes_max + 1);
}

void build(std::string_view text, config_tree& tree, config_errors& errors)
{
    std::istringstream in{std::string{text}};
    auto documents = YAML::LoadAll(in);
    if (documents.empty() || documents.front().IsNull()) return;
    if (documents.size() > 1) {
        tree.values[""] = place_at(documents[1].Mark());
        errors.push_back(tree.error_at("", "more than one YAML document"));
        return;
    }
    tree.root = tree_builder{tree, errors}.convert(documents.front(), "", 0);
}

}  // namespace

bool is_printable_text(std::string_view text) noexcept
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
    });
}

json::value plain_scalar(std::string_view text)
{
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    if (!looks_numeric(text)) return json::value(text);
    if (auto number = whole_number<std::int64_t>(text)) return *number;
    if (auto number = whole_number<std::uint64_t>(text)) return *number;
    if (auto number = whole_number<double>(text)) return *number;
    return json::value(text);
}

config_tree read_yaml_text(std::string_view text, std::string_view name, config_errors& errors)
{
    config_tree tree{.file = std::string{name}, .root = json::object{}, .values = {{"", {1, 1, {}}}}, .names = {}};
    if (text.size() > file_bytes_max) {
        errors.push_back(tree.error_at("", fmt::format("larger than {} bytes", file_bytes_max)));
        return tree;
    }
    try {
        build(text, tree, errors);
    } catch (const YAML::Exception& problem) {
        tree.values[""] = place_at(problem.mark);
        errors.push_back(tree.error_at("", without_detail(problem.msg)));
    }
    return tree;
}

config_tree read_yaml_file(const std::filesystem::path& file, config_errors& errors)
{
    if (auto text = read_whole(file)) return read_yaml_text(*text, file.string(), errors);
    errors.push_back({file.string(), 0, 0, {}, {}, fmt::format("cannot be read: {}", std::strerror(errno))});
    return config_tree{.file = file.string(), .root = json::object{}, .values = {}, .names = {}};
}

}  // namespace understudy
