#pragma once

#include "serve/serving_state.hpp"

#include <string>

namespace understudy {

/// Everything that is measured, in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
/// A new metric is one row of the table in metrics.cpp. Base units, times as timestamps, counters from 0 on: no series
/// vanishes when something breaks; what is not known is NaN.
std::string metrics_text(const serving_state& state);

inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace understudy
