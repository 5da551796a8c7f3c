// Writes the directories of schemas/reader-vectors/: `make_reader_vectors DIRECTORY`. What is good in them was written
// by the program's own library, with fixed numbers and times, so that a second run gives the same bytes; what is
// wrong with them was done to that afterwards.
#include "unit/readers/vector_builder.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <optional>

namespace understudy {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using text = std::optional<std::string>;

constexpr const char* plain_rows = R"([{"id":1,"name":"Bolt","price":0.25},{"id":2,"name":"Plate","price":0.50}])";

/// What the reader is asked. Each text is JSON.
struct asked {
    std::string document = R"("snapshot.json")";
    std::string table = R"("materials")";
    std::string max_age_seconds = "null";
    std::string expect_source = "null";
};

/// What it must answer: see README there.
struct expected {
    std::string outcome = "good";
    std::string generation = "812";
    std::string age_seconds = "12.5";
    std::string rows = plain_rows;
};

const expected refused{.outcome = "", .generation = "null", .age_seconds = "null", .rows = "null"};

expected refused_as(const std::string& outcome)
{
    auto made = refused;
    made.outcome = outcome;
    return made;
}

/// One directory: `snapshot/`, perhaps `before/`, and case.json.
class vector_case {
public:
    vector_case(const fs::path& root, const std::string& name)
        : root_{root / name}, snapshot{root_ / "snapshot"}, before{root_ / "before"}
    {
        fs::create_directories(root_);
    }

    void write(const std::string& says, const expected& answer, const asked& ask = {}, const std::string& needs = "")
    {
        auto needed = needs.empty() ? "" : fmt::format("  \"needs\": \"{}\",\n", needs);
        put_text(root_ / "case.json",
                 fmt::format("{{\n  \"says\": \"{}\",\n{}"
                             "  \"ask\": {{\"document\": {}, \"table\": {}, \"max_age_seconds\": {}, \"now\": \"{}\",\n"
                             "          \"expect_source\": {}, \"read_before\": {}}},\n"
                             "  \"answer\": {{\"outcome\": \"{}\", \"generation\": {}, \"age_seconds\": {},\n"
                             "             \"rows\": {}}}\n}}\n",
                             says, needed, ask.document, ask.table, ask.max_age_seconds, to_string(vector_now),
                             ask.expect_source, fs::exists(before.path()) ? "\"before\"" : "null", answer.outcome,
                             answer.generation, answer.age_seconds, answer.rows));
    }

private:
    fs::path root_;

public:
    vector_directory snapshot;
    vector_directory before;
};

/// The plain case: generation 812, proved 12.5 s ago.
vector_case plain(const fs::path& root, const std::string& name)
{
    vector_case made{root, name};
    made.snapshot.publish({});
    made.snapshot.say({});
    return made;
}

text take_away(const std::string&)
{
    return std::nullopt;
}

text cut_in_half(const std::string& from)
{
    return from.substr(0, from.size() / 2);
}

auto replace(const std::string& what, const std::string& with)
{
    return [=](std::string in) -> text {
        auto at = in.find(what);
        if (at == in.npos) throw std::runtime_error{"there is no " + what};
        return in.replace(at, what.size(), with);
    };
}

constexpr const char* document = "current/snapshot.json";
constexpr const char* manifest = "current/manifest.json";
constexpr const char* status = "status.json";

void make_good(const fs::path& root)
{
    plain(root, "good").write("The generation that status.json speaks of, 12.5 s old.", {});
    plain(root, "good-empty-table")
        .write("A table without rows is no error.", {.rows = "[]"}, {.table = R"("suppliers")"});

    auto carried = plain(root, "good-document-of-an-earlier-generation");
    carried.snapshot.publish({.number = 815, .position = lsn{0x16'B374'E000}});
    carried.snapshot.say({.generation = 815, .position = lsn{0x16'B374'E000}});
    carried.write("No row changed since 812, so its document was carried over with its header.", {.generation = "815"});

    vector_case others{root, "good-document-without-header"};
    others.snapshot.publish(
        {.documents = {document_settings{},
                       {.file = "by-id.json", .header = false, .tables = {{"public.materials", "", {}, "id"}}}}});
    others.snapshot.say({});
    others.write("Another document of the generation: no header, an object by id in place of an array.",
                 {.rows = R"({"1":{"id":1,"name":"Bolt","price":0.25},"2":{"id":2,"name":"Plate","price":0.50}})"},
                 {.document = R"("by-id.json")"});

    auto wider = plain(root, "good-unknown-members");
    wider.snapshot.edit(manifest, replace("{\"format\":1,", "{\"format\":1,\"added_later\":{\"a\":[1]},"));
    wider.snapshot.edit(status, replace("{\"format\":1,", "{\"format\":1,\"added_later\":[],"));
    wider.write("Members may be added within a format: a reader ignores those that it does not know.", {});

    plain(root, "good-expected-source")
        .write("The source is the one that the caller expects.", {},
               {.expect_source = R"({"system_id": "7437512345678901234", "database": "shop"})"});

    const std::vector<std::array<std::string, 3>> special{
        {"9007199254740993", R"("Größe 10⅝\" \\ tab\there 🔩")", "12345678901234567890.123456789"},
        {"-9223372036854775808", "\"a line separator \xE2\x80\xA8, and \\u0001\"", "0.000000000000000000001"}};
    vector_case digits{root, "good-unicode-and-large-numbers"};
    digits.snapshot.publish({.materials = special});
    digits.snapshot.say({});
    auto row = [](const auto& of) { return fmt::format(R"({{"id":{},"name":{},"price":{}}})", of[0], of[1], of[2]); };
    digits.write("No digit is lost: what the language's number cannot hold comes as an exact type or as text.",
                 {.rows = "[" + row(special[0]) + "," + row(special[1]) + "]"});

    constexpr std::size_t levels = 100;
    vector_case deep{root, "good-deeply-nested"};
    auto nested = std::string(levels, '[') + "7" + std::string(levels, ']');
    deep.snapshot.publish({.materials = {{"1", nested, "0.25"}}});
    deep.snapshot.say({});
    deep.write("A json column is as deep as its writer liked: a parser with a limit of 32 or 64 needs a higher one.",
               {.rows = R"([{"id":1,"name":)" + nested + R"(,"price":0.25}])"});
}

void make_age(const fs::path& root)
{
    auto older = plain(root, "age-good-with-older-status");
    older.snapshot.say({.generation = 811, .position = lsn{0x16'B374'D000}});
    older.write("The daemon announced 812 and has not written its status yet: what was proved of 811 holds for 812.",
                {}, {.max_age_seconds = "60"});

    auto newer = plain(root, "age-status-of-a-newer-generation");
    newer.snapshot.say({.generation = 813, .position = lsn{0x16'B374'E000}});
    newer.write("What was proved of 813 says nothing of 812.", {.age_seconds = "null"});

    auto bounded = plain(root, "age-status-of-a-newer-generation-bounded");
    bounded.snapshot.say({.generation = 813, .position = lsn{0x16'B374'E000}});
    bounded.write("An unknown age satisfies no bound.", refused_as("too_old"), {.max_age_seconds = "86400"});

    auto restored = plain(root, "age-status-of-a-later-position");
    restored.snapshot.say({.generation = 811, .position = lsn{0x16'B374'E000}});
    restored.write("The database was restored after 811: its later position is not inside 812.",
                   {.age_seconds = "null"});

    auto missing = plain(root, "age-status-missing");
    missing.snapshot.edit(status, take_away);
    missing.write("Without status.json the rows are there and their age is unknown.", {.age_seconds = "null"});

    auto missing_bounded = plain(root, "age-status-missing-bounded");
    missing_bounded.snapshot.edit(status, take_away);
    missing_bounded.write("An unknown age satisfies no bound.", refused_as("too_old"), {.max_age_seconds = "86400"});

    auto cut = plain(root, "age-status-cut");
    cut.snapshot.edit(status, cut_in_half);
    cut.write("A damaged status.json is as none.", {.age_seconds = "null"});

    auto partial = plain(root, "age-status-incomplete");
    partial.snapshot.edit(status, [](const std::string&) -> text { return "{\"format\":1}\n"; });
    partial.write("A status.json without the members that count is as none.", {.age_seconds = "null"});

    auto foretold = plain(root, "age-status-newer-format");
    foretold.snapshot.edit(status, replace("{\"format\":1,", "{\"format\":2,"));
    foretold.write("A status.json of a newer format is as none.", {.age_seconds = "null"});

    auto never = plain(root, "age-never-proved");
    never.snapshot.say({.current_as_of = std::nullopt});
    never.write("current_as_of is null until it was proved.", {.age_seconds = "null"});

    auto kept = plain(root, "age-remembered");
    kept.before.publish({});
    kept.before.say({});
    kept.snapshot.edit(status, take_away);
    kept.write("What was proved before status.json was lost stays true.", {}, {.max_age_seconds = "60"});

    auto old = plain(root, "age-older-than-the-bound");
    old.snapshot.say({.current_as_of = vector_now - 600s});
    old.write("600 s old, and the caller takes 60.", refused_as("too_old"), {.max_age_seconds = "60"});

    plain(root, "age-at-the-bound").write("The bound itself is good enough.", {}, {.max_age_seconds = "12.5"});
}

void make_clock(const fs::path& root)
{
    auto ahead = plain(root, "clock-of-the-database-ahead");
    ahead.snapshot.say({.clock_offset_ms = 30'000});
    ahead.write("The database's clock is 30 s ahead of ours: when we say 02:00:00, it is 02:00:30 there.",
                {.age_seconds = "42.5"});

    auto behind = plain(root, "clock-of-the-database-behind");
    behind.snapshot.say({.clock_offset_ms = -10'250});
    behind.write("The database's clock is 10.25 s behind ours.", {.age_seconds = "2.25"});

    auto future = plain(root, "clock-in-the-future");
    future.snapshot.say({.clock_offset_ms = -60'000});
    future.write("An age is never negative: clocks drift.", {.age_seconds = "0"});

    auto unknown = plain(root, "clock-offset-unknown");
    unknown.snapshot.say({.clock_offset_ms = std::nullopt});
    unknown.write("A daemon that started without a database does not know the offset: it counts as 0.", {});
}

void make_torn(const fs::path& root)
{
    auto damage = [&](const std::string& name, const std::string& says, const char* file, const auto& how,
                      const std::string& needs = "") {
        auto made = plain(root, "torn-" + name);
        made.snapshot.edit(file, how);
        made.write(says, refused_as("torn"), {}, needs);
    };
    damage("document-cut", "The document is shorter than the manifest says.", document, cut_in_half);
    damage("document-missing", "The manifest names a document that is not there.", document, take_away);
    damage("document-longer", "The document is longer than the manifest says, and still JSON.", document,
           [](const std::string& from) -> text { return from + "\n"; });
    damage("document-changed", "Of the right size and JSON, but not the bytes whose SHA-256 the manifest has.",
           document, replace("0.25", "0.26"), "sha256");
    damage("document-no-json", "Of the right size, but a block of it is zeros, as after a power failure.", document,
           [](std::string from) -> text { return from.replace(from.size() / 2, 40, std::string(40, '\0')); });
    damage("manifest-cut", "The manifest ends in the middle.", manifest, cut_in_half);
    damage("manifest-missing", "There is no manifest, so nothing vouches for the document.", manifest, take_away);
    damage("manifest-empty", "The manifest is empty, as after a power failure.", manifest,
           [](const std::string&) -> text { return ""; });
    damage("manifest-incomplete", "The manifest is JSON, and without what counts.", manifest,
           [](const std::string&) -> text { return "{\"format\":1,\"generation\":812}\n"; });
    damage("manifest-of-another", "The manifest is that of generation 811, in the directory of 812.", manifest,
           replace("\"generation\":812", "\"generation\":811"));

    auto held = plain(root, "torn-after-a-good-one");
    held.before.publish({});
    held.before.say({});
    held.snapshot.publish({.number = 813, .position = lsn{0x16'B374'E000}, .materials = {{"3", "\"Nut\"", "0.10"}}});
    held.snapshot.say({.generation = 813, .position = lsn{0x16'B374'E000}, .current_as_of = vector_now - 1s});
    held.snapshot.edit(document, cut_in_half);
    held.write("The reader goes on with 812, which it holds, says why, and does not take the age of 813 for it.",
               {.outcome = "torn"}, {.max_age_seconds = "60"});
}

void make_history(const fs::path& root)
{
    auto go_back = [&](const std::string& name, const vector_status& status, const std::string& says,
                       const std::string& age) {
        auto made = vector_case{root, name};
        made.before.publish({});
        made.before.say({});
        made.snapshot.publish({.number = 811, .position = lsn{0x16'B374'D000}});
        made.snapshot.say(status);
        made.write(says, {.outcome = "rolled_back", .generation = "811", .age_seconds = age});
    };
    go_back("rolled-back", {.generation = 811, .position = lsn{0x16'B374'D000}, .current_as_of = vector_now - 300s},
            "The reader saw 812 before. Somebody announced 811: it is served, and the caller is told.", "300");
    go_back("rolled-back-before-the-status", {}, "What was proved of 812 says nothing of 811.", "null");
}

void make_foreign(const fs::path& root)
{
    auto other = [&](const std::string& name, const std::string& says, const std::string& expect_source) {
        plain(root, name).write(says, refused_as("foreign"), {.expect_source = expect_source});
    };
    other("foreign-system", "Another cluster's, mounted by mistake.",
          R"({"system_id": "7000000000000000001", "database": "shop"})");
    other("foreign-database", "Another database's of the same cluster.",
          R"({"system_id": "7437512345678901234", "database": "warehouse"})");

    auto same = plain(root, "foreign-same-number");
    same.before.publish({.position = lsn{0x2A'0000'0040}, .materials = {{"7", "\"Gear\"", "9.99"}}});
    same.before.say({.position = lsn{0x2A'0000'0040}});
    same.write("Generation 812 is not the 812 that the reader holds: one of them is not of this directory.",
               {.outcome = "foreign", .rows = R"([{"id":7,"name":"Gear","price":9.99}])"});

    auto held = plain(root, "foreign-after-a-good-one");
    held.before.publish({.database = "warehouse", .materials = {{"7", "\"Gear\"", "9.99"}}});
    held.before.say({.current_as_of = vector_now - 100s});
    held.write("The reader goes on with what it holds of the expected source, and with the age of that.",
               {.outcome = "foreign", .age_seconds = "100", .rows = R"([{"id":7,"name":"Gear","price":9.99}])"},
               {.expect_source = R"({"system_id": "7437512345678901234", "database": "warehouse"})"});
}

void make_unusable(const fs::path& root)
{
    auto newer = plain(root, "newer-format");
    newer.snapshot.edit(manifest, replace("{\"format\":1,", "{\"format\":2,"));
    newer.write("The manifest has a format that this reader does not know.", refused_as("newer_format"));

    auto wide = plain(root, "newer-format-otherwise-unknown");
    wide.snapshot.edit(manifest, [](const std::string&) -> text { return "{\"format\":2,\"whatever\":true}\n"; });
    wide.write("The format is looked at before anything else, for a newer one may have other members.",
               refused_as("newer_format"));

    vector_case none{root, "no-generation-yet"};
    none.snapshot.say({.generation = 0, .position = lsn{}, .current_as_of = std::nullopt});
    none.write("The first copy is not finished: that is an error, and never an empty table.",
               refused_as("no_generation"));

    auto gone = plain(root, "no-generation-dangling");
    gone.snapshot.point_current_at("generations/0000000999");
    gone.write("current leads nowhere.", refused_as("no_generation"));

    auto lost = plain(root, "no-generation-after-a-good-one");
    lost.before.publish({});
    lost.before.say({});
    fs::remove_all(lost.snapshot.path() / "generations");
    fs::remove(lost.snapshot.path() / "current");
    lost.write("Somebody emptied the directory: the reader goes on with what it holds.", {.outcome = "no_generation"},
               {.max_age_seconds = "60"});

    plain(root, "unknown-table")
        .write("The document has no such member: the caller's mistake, never an empty table.",
               refused_as("unknown_table"), {.table = R"("materialz")"});
    plain(root, "unknown-document")
        .write("The manifest names no such document: the caller's mistake, too.", refused_as("unknown_document"),
               {.document = R"("materials.json")"});
}

}  // namespace

void make_all(const fs::path& root)
{
    make_good(root);
    make_age(root);
    make_clock(root);
    make_torn(root);
    make_history(root);
    make_foreign(root);
    make_unusable(root);
}

}  // namespace understudy

int main(int count, char** arguments)
{
    if (count != 2) {
        std::fputs("usage: make_reader_vectors DIRECTORY\n", stderr);
        return 2;
    }
    try {
        understudy::make_all(arguments[1]);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_reader_vectors: %s\n", error.what());
        return 1;
    }
}
