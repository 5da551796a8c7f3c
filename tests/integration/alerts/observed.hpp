#pragma once

#include "integration/reads/reads_kit.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace understudy::testing {

/// What /metrics said at two moments, some heartbeats apart.
struct observed {
    std::map<std::string, double> first;  ///< By `name{labels}`.
    std::map<std::string, double> second;
    double at = 0;  ///< Of the second, in seconds since 1970.

    /// No daemon answers.
    static observed nothing() { return {}; }
};

/// Throws std::exception when /metrics cannot be read.
observed observe(served_mirror& mirror);

/// Time during which things stay as they were seen: a timestamp that moved goes on moving with the clock, everything else
/// stays where it is. That is how a test of some seconds asks for what is true after an hour.
struct stretch {
    observed what;
    int minutes;
};

/// Evaluates our rules by promtool over these stretches, one after the other. Empty if exactly the alerts of `expected` fire at
/// the end of the last one, otherwise what promtool says.
std::string wrong_alerts(const std::vector<stretch>& history, const std::set<std::string>& expected);

}  // namespace understudy::testing
