#pragma once

#include "core/settings.hpp"
#include "source/kafka/value_text.hpp"

namespace understudy::kafka {

/// The settings' words as what value_text takes; the schema has checked them.
debezium::encodings encodings_of(const debezium_encodings& from);

}  // namespace understudy::kafka
