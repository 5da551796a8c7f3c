#include "alerts/observed.hpp"

#include "alerts/rule_book.hpp"
#include "support/promtool.hpp"
#include "support/waiting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <sstream>

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;

const std::string heartbeat = "understudy_heartbeat_timestamp_seconds";

std::map<std::string, double> samples_of(const std::string& text)
{
    std::map<std::string, double> all;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.front() == '#') continue;
        auto end = line.rfind(' ');
        all[line.substr(0, end)] = std::strtod(line.c_str() + end, nullptr);
    }
    return all;
}

bool is_timestamp(const std::string& series)
{
    return series.substr(0, series.find('{')).ends_with("_timestamp_seconds");
}

/// With the labels that Prometheus adds.
std::string as_scraped(const std::string& series)
{
    auto brace = series.find('{');
    auto labels = brace == series.npos ? std::string{"}"} : "," + series.substr(brace + 1);
    return series.substr(0, brace) + "{job=\"understudy\",instance=\"shop\"" + labels;
}

std::string number(double value)
{
    return std::isnan(value) ? "NaN" : fmt::format("{}", value);
}

/// Its values minute by minute, as promtool takes them. Promtool's clock begins at 0.
std::string values_of(const std::string& series, const std::vector<stretch>& history)
{
    std::vector<std::string> values;
    for (const auto& [what, minutes] : history) {
        auto begin = values.size();
        auto now = what.second.find(series);
        bool moves = now != what.second.end() && what.first.contains(series) && what.first.at(series) < now->second;
        for (int minute = 0; minute < minutes; ++minute) {
            auto clock = 60.0 * static_cast<double>(moves ? values.size() : begin);
            if (now == what.second.end())
                values.emplace_back(minute == 0 ? "stale" : "_");
            else
                values.push_back(number(is_timestamp(series) ? now->second - what.at + clock : now->second));
        }
    }
    return fmt::format("{}", fmt::join(values, " "));
}

std::string test_file(const std::vector<stretch>& history, const std::set<std::string>& expected)
{
    std::set<std::string> series;
    std::size_t minutes = 0;
    for (const auto& [what, length] : history) {
        for (const auto& [name, value] : what.second) series.insert(name);
        minutes += static_cast<std::size_t>(length);
    }
    auto text = fmt::format("rule_files: [{}]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n",
                            fmt::join(rule_files(), ", "));
    for (const auto& name : series)
        text += fmt::format("  - {{series: '{}', values: '{}'}}\n", as_scraped(name), values_of(name, history));
    text += fmt::format("  promql_expr_test:\n  - expr: group by (alertname) (ALERTS{{alertstate=\"firing\"}})\n"
                        "    eval_time: {}m\n    exp_samples:\n",
                        minutes - 1);
    for (const auto& name : expected) text += fmt::format("    - {{labels: '{{alertname=\"{}\"}}', value: 1}}\n", name);
    return text;
}

}  // namespace

observed observe(served_mirror& mirror)
{
    observed seen;
    seen.first = samples_of(mirror.get("/metrics").body);
    auto moved = [&] {
        seen.second = samples_of(mirror.get("/metrics").body);
        return seen.second.at(heartbeat) > seen.first.at(heartbeat) + 0.3;
    };
    static_cast<void>(wait_for(moved, 1s));  // a loop that stands still moves nothing
    seen.at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    return seen;
}

std::string wrong_alerts(const std::vector<stretch>& history, const std::set<std::string>& expected)
{
    temp_directory scratch;
    write_file(scratch / "test.yaml", test_file(history, expected));
    auto command =
        promtool() + " test rules " + (scratch / "test.yaml").string() + " > " + (scratch / "said").string() + " 2>&1";
    return std::system(command.c_str()) == 0 ? "" : read_file(scratch / "said");
}

}  // namespace understudy::testing
