// Runs the reader against the cases of schemas/reader-vectors: vectors DIRECTORY. One JSON object per case.
//
// g++ -std=c++20 -O2 vectors.cpp understudy_reader.cpp -o vectors -lboost_json -lcrypto

#include "understudy_reader.hpp"

#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <sstream>

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

json::value question(const fs::path& directory)
{
    std::ifstream file{directory / "case.json"};
    return reader::parse_exact(std::string{std::istreambuf_iterator<char>{file}, {}}).at("ask");
}

std::chrono::system_clock::time_point time_of(const json::value& text)
{
    std::tm parts{};
    std::istringstream from{text.as_string().c_str()};
    from >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S");
    return std::chrono::system_clock::from_time_t(timegm(&parts));
}

reader::snapshot_options options_for(const json::value& ask)
{
    reader::snapshot_options options;
    options.document = json::value_to<std::string>(ask.at("document"));
    if (!ask.at("expect_source").is_null())
        options.expect_source = json::value_to<std::map<std::string, std::string>>(ask.at("expect_source"));
    options.clock = [now = time_of(ask.at("now"))] { return now; };
    return options;
}

json::object answer_to(const fs::path& directory)
{
    auto ask = question(directory);
    auto table = json::value_to<std::string>(ask.at("table"));
    reader::snapshot reader{options_for(ask)};
    if (!ask.at("read_before").is_null()) {
        reader.options.directory = directory / ask.at("read_before").as_string().c_str();
        reader.read(table);
    }
    reader.options.directory = directory / "snapshot";
    std::optional<double> max_age;
    if (!ask.at("max_age_seconds").is_null()) max_age = ask.at("max_age_seconds").to_number<double>();
    try {
        auto answer = reader.read(table, max_age);
        json::object made{{"outcome", answer.warning.empty() ? "good" : answer.warning}};
        made["generation"] = answer.generation;
        if (answer.age_seconds) made["age_seconds"] = *answer.age_seconds;
        made["rows"] = *answer.rows;
        return made;
    } catch (const reader::refused& refused) {
        return {{"outcome", refused.outcome}};
    }
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 2) return 2;
    for (const auto& entry : fs::directory_iterator{arguments[1]}) {
        if (!fs::exists(entry.path() / "case.json")) continue;
        auto answer = answer_to(entry.path());
        answer["case"] = entry.path().filename().string();
        std::cout << json::serialize(answer) << '\n';
    }
}
