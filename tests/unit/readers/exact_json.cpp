#include "unit/readers/exact_json.hpp"

#include <regex>
#include <string>

namespace understudy::testing {

namespace json = boost::json;

namespace {

const std::regex number_or_text{R"re("[^"\\]*(?:\\.[^"\\]*)*"|(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?)re"};

/// -12.50 is `-125e-1`.
std::string canonical(const std::smatch& number)
{
    auto digits = number.str(2) + number.str(3);
    auto exponent = (number.length(4) > 0 ? std::stol(number.str(4)) : 0) - number.length(3);
    digits.erase(0, digits.find_first_not_of('0'));
    if (digits.empty()) return "0";
    for (; digits.back() == '0'; digits.pop_back()) ++exponent;
    return number.str(1) + digits + "e" + std::to_string(exponent);
}

std::string with_numbers_as_texts(const std::string& text)
{
    std::string out;
    auto rest = text.cbegin();
    for (std::sregex_iterator at{text.begin(), text.end(), number_or_text}, end; at != end; ++at) {
        out.append(rest, (*at)[0].first);
        out += text[static_cast<std::size_t>(at->position())] == '"' ? at->str() : '"' + at->str() + '"';
        rest = (*at)[0].second;
    }
    return out.append(rest, text.cend());
}

void make_canonical(json::value& value)
{
    if (auto* object = value.if_object())
        for (auto& [name, member] : *object) make_canonical(member);
    if (auto* list = value.if_array())
        for (auto& element : *list) make_canonical(element);
    if (!value.is_string()) return;
    std::string text{value.get_string()};
    if (std::smatch number; !text.starts_with('"') && std::regex_match(text, number, number_or_text))
        value = canonical(number);
}

}  // namespace

json::value exact_json(std::string_view text)
{
    json::parse_options options;
    options.max_depth = 4096;
    auto value = json::parse(with_numbers_as_texts(std::string{text}), {}, options);
    make_canonical(value);
    return value;
}

}  // namespace understudy::testing
