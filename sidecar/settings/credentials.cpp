#include "settings/credentials.hpp"

#include <array>
#include <string>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::array secret_files{"source.postgres.connection_file", "source.kafka.properties_file", "serve.token_file",
                                  "serve.certificate", "serve.private_key"};
constexpr std::string_view placeholder = "${CREDENTIALS_DIRECTORY}/";

/// The text of a key that begins with the placeholder; else null.
json::string* text_to_expand(json::value& root, std::string_view key)
{
    auto* value = &root;
    for (std::size_t begin = 0, end = 0; end != key.npos; begin = end + 1) {
        end = key.find('.', begin);
        auto* section = value->if_object();
        value = section != nullptr ? section->if_contains(key.substr(begin, end - begin)) : nullptr;
        if (value == nullptr) return nullptr;
    }
    auto* text = value->if_string();
    return text != nullptr && text->starts_with(placeholder) ? text : nullptr;
}

}  // namespace

void expand_credentials(config_tree& tree, const environment& variables, config_errors& errors)
{
    auto directory = variables.find(credentials_variable);
    for (const auto* key : secret_files) {
        auto* text = text_to_expand(tree.root, key);
        if (text == nullptr) continue;
        if (directory == variables.end())
            errors.push_back(tree.error_at(
                key, "CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit with LoadCredential="));
        else
            text->replace(0, placeholder.size() - 1, directory->second);
    }
}

}  // namespace understudy
