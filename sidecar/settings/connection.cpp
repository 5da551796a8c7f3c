#include "settings/connection.hpp"

#include "settings/nearest.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>
#include <vector>

namespace understudy {

namespace {

struct options_deleter {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using options_handle = std::unique_ptr<PQconninfoOption[], options_deleter>;

/// Null when the string cannot be taken apart; `why` is libpq's own message then, which can repeat any part of it.
options_handle take_apart(const std::string& connection, std::string* why = nullptr)
{
    char* message = nullptr;
    options_handle options{PQconninfoParse(connection.c_str(), &message)};
    if (why != nullptr && message != nullptr) *why = message;
    PQfreemem(message);
    return options;
}

std::vector<std::string> known_options()
{
    std::vector<std::string> known;
    auto options = take_apart("");
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) known.emplace_back(option->keyword);
    return known;
}

bool is_set(const PQconninfoOption& option)
{
    return option.val != nullptr && *option.val != '\0';
}

/// libpq marks what a dialogue should not show as one types it.
bool is_secret(const PQconninfoOption& option)
{
    return option.dispchar != nullptr && *option.dispchar == '*';
}

std::string quoted(std::string_view value)
{
    if (value.find_first_of(" \t\n'\\") == value.npos) return std::string{value};
    std::string text = "'";
    for (char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + '\'';
}

}  // namespace

std::string masked_connection(const std::string& connection)
{
    auto options = take_apart(connection);
    if (!options) return "(hidden)";
    std::string text;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        if (!is_set(*option)) continue;
        if (!text.empty()) text += ' ';
        text.append(option->keyword).append("=").append(is_secret(*option) ? "********" : quoted(option->val));
    }
    return text;
}

std::optional<std::string> connection_error(const std::string& connection)
{
    std::string why;
    if (take_apart(connection, &why)) return std::nullopt;
    std::string text = "not a libpq connection string or URI";
    // An unknown word is in the message between quotes. It may be a piece of a password, unless it is almost a keyword.
    auto open = why.find('"');
    auto end = why.find('"', open + 1);
    if (open == why.npos || end == why.npos) return text;
    auto word = why.substr(open + 1, end - open - 1);
    auto known = known_options();
    if (auto near = nearest(word, known); !near.empty() && near != word)
        text += "; did you mean \"" + std::string{near} + "\" by \"" + word + "\"?";
    return text;
}

bool has_password(const std::string& connection)
{
    auto options = take_apart(connection);
    if (!options) return false;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option)
        if (is_set(*option) && is_secret(*option)) return true;
    return false;
}

}  // namespace understudy
