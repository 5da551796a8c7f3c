#include "support/child_process.hpp"
#include "support/files.hpp"
#include "unit/readers/exact_json.hpp"
#include "unit/readers/example_languages.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>

// The example readers answer every vector as the contract wants it.
namespace understudy::testing {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const fs::path vectors = fs::path{UNDERSTUDY_SCHEMAS} / "reader-vectors";

using answers = std::map<std::string, json::object>;

answers expected()
{
    answers all;
    for (const auto& entry : fs::directory_iterator{vectors})
        if (entry.is_directory())
            all[entry.path().filename()] = exact_json(read_file(entry.path() / "case.json")).at("answer").as_object();
    return all;
}

/// What a reader that leaves a member out means by it.
json::value member(const json::object& from, const char* name)
{
    const auto* found = from.if_contains(name);
    return found == nullptr ? json::value{} : *found;
}

answers given(const example_language& language)
{
    temp_directory scratch;
    auto command = language.vectors;
    command.push_back(vectors);
    run_program({.command = command, .output = scratch / "answers"});
    std::istringstream lines{read_file(scratch / "answers")};
    answers all;
    for (std::string line; std::getline(lines, line);) {
        auto answer = exact_json(line).as_object();
        all[json::value_to<std::string>(answer.at("case"))] = answer;
    }
    return all;
}

void check_language(const std::string& name)
{
    for (const auto& language : example_languages()) {
        if (language.name != name) continue;
        auto answered = given(language);
        for (const auto& [vector, wanted] : expected())
            for (const auto* what : {"outcome", "generation", "age_seconds", "rows"})
                BOOST_TEST_CONTEXT(vector << ": " << what)
                    BOOST_TEST(json::serialize(member(answered[vector], what)) == json::serialize(wanted.at(what)));
        return;
    }
    BOOST_TEST_ERROR("there is no example in " << name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(example_readers)

BOOST_AUTO_TEST_CASE(python_answers_every_vector_as_the_contract_wants)
{
    check_language("python");
}

BOOST_AUTO_TEST_CASE(node_answers_every_vector_as_the_contract_wants)
{
    check_language("node");
}

BOOST_AUTO_TEST_CASE(go_answers_every_vector_as_the_contract_wants)
{
    check_language("go");
}

BOOST_AUTO_TEST_CASE(cpp_answers_every_vector_as_the_contract_wants)
{
    check_language("cpp");
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_to_the_last_digit_whatever_their_form)
{
    BOOST_TEST(exact_json("[0.50, 1e3, -12, 0]") == exact_json(R"(["0.5", 1000, "-1.2e1", 0.0])"));
    BOOST_TEST(exact_json("[9007199254740993]") != exact_json("[9007199254740992]"));
    BOOST_TEST(exact_json(R"({"a":"b \" 1"})") != exact_json(R"({"a":"b \" 1.0"})"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
