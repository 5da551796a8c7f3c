#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// schemas/config.schema.json, as it was when this program was built.
std::string_view config_schema_text() noexcept;

/// The same, parsed once. Any thread.
const boost::json::value& config_schema();

/// The part of the schema that describes the value at `path` (member names and list indexes from the root), or
/// null where the schema knows no such value.
const boost::json::object* schema_of(const std::vector<std::string>& path);

/// Every key that holds a value and no section, dotted: `cadence.every`, `tables`. In schema order.
const std::vector<std::string>& schema_keys();

/// True when the schema takes values of this JSON type (`string`, `array`, ...) in this place.
bool allows_type(const boost::json::object& schema, std::string_view type);

/// The schema of one of schema_keys(), or null.
const boost::json::object* schema_of_key(std::string_view dotted);

}  // namespace understudy
