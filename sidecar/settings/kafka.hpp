#pragma once

#include "core/settings.hpp"
#include "settings/config_error.hpp"
#include "settings/config_tree.hpp"

#include <map>
#include <string>
#include <string_view>

namespace understudy {

inline constexpr std::string_view kafka_properties_key = "source.kafka.properties";
inline constexpr std::string_view kafka_properties_file_key = "source.kafka.properties_file";

/// Whether a setting of librdkafka holds a secret, by its name.
bool is_secret_property(std::string_view name) noexcept;

/// Fills in what of `source.kafka` is no single value: lists and `properties`. Complains about topics and tables
/// that cannot be, and about settings of librdkafka that would break a promise, with the reason.
void read_kafka(const config_tree& tree, kafka_settings& into, config_errors& errors);

/// Adds what a properties file holds, one `name=value` a line, `#` begins a comment. Complains at properties_file.
void add_kafka_properties(std::string_view text, const config_tree& tree, kafka_settings& into, config_errors& errors);

}  // namespace understudy
