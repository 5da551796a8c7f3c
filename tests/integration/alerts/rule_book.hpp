#pragma once

#include <set>
#include <string>
#include <vector>

namespace understudy::testing {

/// One alert of helm/understudy/rules.
struct alert_rule {
    std::string name;
    std::string expression;
    std::string severity;
    std::string summary;
    std::string description;
    std::string runbook;  ///< Below the project's root.
};

/// All of them. Throws what yaml-cpp throws.
std::vector<alert_rule> read_rules();

/// The files that they are in, for promtool.
std::vector<std::string> rule_files();

std::set<std::string> names_of(const std::vector<alert_rule>& rules);

}  // namespace understudy::testing
