#include "serve/json_place.hpp"

#include "render/json_fragment.hpp"

#include <algorithm>
#include <cstddef>

namespace understudy {

namespace {

/// Walks over the members or elements of a container.
class json_walk {
public:
    explicit json_walk(std::string_view container) : rest_{container.substr(1)} { skip_spaces(); }

    bool at_end() const noexcept { return rest_.empty() || rest_.front() == ']' || rest_.front() == '}'; }

    std::string_view take_value() noexcept
    {
        auto value = rest_.substr(0, json_fragment_size(rest_));
        rest_.remove_prefix(value.empty() ? rest_.size() : value.size());
        skip_spaces();
        if (rest_.starts_with(',') || rest_.starts_with(':')) rest_.remove_prefix(1);
        skip_spaces();
        return value;
    }

private:
    void skip_spaces() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
    std::string_view rest_;
};

std::string_view without_spaces(std::string_view text) noexcept
{
    auto start = text.find_first_not_of(" \t\r\n");
    if (start == text.npos) return {};
    return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::optional<std::string_view> find_member(std::string_view object, const std::string& name)
{
    std::optional<std::string_view> found;
    std::string plain;
    for (json_walk walk{object}; !walk.at_end();) {
        auto member = walk.take_value();
        auto value = walk.take_value();
        plain.clear();
        if (append_unescaped(member, plain) && plain == name) found = value;
    }
    return found;
}

std::optional<std::string_view> find_element(std::string_view array, std::int64_t index)
{
    std::vector<std::string_view> all;
    for (json_walk walk{array}; !walk.at_end();) {
        if (index >= 0 && static_cast<std::int64_t>(all.size()) == index) return walk.take_value();
        all.push_back(walk.take_value());
    }
    if (index >= 0) return std::nullopt;
    auto place = index + static_cast<std::int64_t>(all.size());
    if (place < 0) return std::nullopt;
    return all[static_cast<std::size_t>(place)];
}

}  // namespace

std::optional<std::string_view> find_in_json(std::string_view text, const std::vector<json_step>& path, json_kind type)
{
    auto here = without_spaces(text);
    for (const auto& step : path) {
        std::optional<std::string_view> next;
        if (here.starts_with('{') && !step.index) next = find_member(here, step.key);
        if (here.starts_with('[') && step.index) next = find_element(here, *step.index);
        bool is_scalar = !here.starts_with('{') && !here.starts_with('[');
        if (type == json_kind::jsonb && is_scalar && (step.index == 0 || step.index == -1)) next = here;
        if (!next) return std::nullopt;
        here = *next;
    }
    return here;
}

}  // namespace understudy
