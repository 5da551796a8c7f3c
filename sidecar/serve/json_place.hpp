#pragma once

#include "serve/read_query.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace understudy {

enum class json_kind { json, jsonb };

/// What is at a place inside the text of a json or jsonb value, as the operators `->` find it. Borrowed from `text`.
/// Nothing where SQL gives null: no such member or element, or a step into a value of another kind. Of members with one
/// name the last counts. A jsonb scalar is also an array of itself: `'5'::jsonb -> 0` is 5, seen on 14 to 18. https://www.postgresql.org/docs/current/functions-json.html
std::optional<std::string_view> find_in_json(std::string_view text, const std::vector<json_step>& path, json_kind type);

}  // namespace understudy
