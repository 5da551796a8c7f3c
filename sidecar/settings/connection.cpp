#include "settings/connection.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace understudy {

namespace {

struct options_deleter {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using options_handle = std::unique_ptr<PQconninfoOption[], options_deleter>;

/// Null when the string cannot be taken apart. libpq's own message is dropped: it repeats the string.
options_handle take_apart(const std::string& connection)
{
    char* message = nullptr;
    options_handle options{PQconninfoParse(connection.c_str(), &message)};
    PQfreemem(message);
    return options;
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

bool is_connection(const std::string& connection)
{
    return take_apart(connection) != nullptr;
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
