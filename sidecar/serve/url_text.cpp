#include "core/limits.hpp"
#include "render/json_text.hpp"
#include "serve/read_query.hpp"

#include <boost/url/pct_string_view.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

read_result<std::string> decode(std::string_view text, bool plus_is_space)
{
    auto encoded = boost::urls::make_pct_string_view(text);
    if (!encoded) return parse_error("URL", text, 0, "two hexadecimal digits behind each %");
    boost::urls::encoding_opts how;
    how.space_as_plus = plus_is_space;
    auto decoded = encoded->decode(how);
    if (!is_utf8(decoded) || decoded.find('\0') != decoded.npos)
        return parse_error("URL", text, 0, "UTF-8 without zero bytes");
    return decoded;
}

}  // namespace

read_result<std::vector<std::pair<std::string, std::string>>> parse_parameters(std::string_view query)
{
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        auto part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.empty()) continue;
        if (parameters.size() == limits::query_parameters_max)
            return parse_error("query", part, 0, fmt::format("at most {} parameters", limits::query_parameters_max));
        auto equals = std::min(part.find('='), part.size());
        auto name = decode(part.substr(0, equals), true);
        if (!name) return name.error();
        auto value = decode(part.substr(std::min(equals + 1, part.size())), true);
        if (!value) return value.error();
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

read_result<std::string> decode_path_part(std::string_view text)
{
    return decode(text, false);
}

}  // namespace understudy
