#include "alerts/rule_book.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

namespace understudy::testing {

std::vector<std::string> rule_files()
{
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator{UNDERSTUDY_HELM "/understudy/rules"})
        files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<alert_rule> read_rules()
{
    std::vector<alert_rule> all;
    for (const auto& file : rule_files())
        for (const auto& group : YAML::LoadFile(file)["groups"])
            for (const auto& rule : group["rules"]) {
                auto text = [](const YAML::Node& node) { return node.as<std::string>(""); };
                const auto& notes = rule["annotations"];
                all.push_back({text(rule["alert"]), text(rule["expr"]), text(rule["labels"]["severity"]),
                               text(notes["summary"]), text(notes["description"]), text(notes["runbook_url"])});
            }
    return all;
}

std::set<std::string> names_of(const std::vector<alert_rule>& rules)
{
    std::set<std::string> names;
    for (const auto& rule : rules) names.insert(rule.name);
    return names;
}

}  // namespace understudy::testing
