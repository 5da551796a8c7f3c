#include "understudy_reader.hpp"

#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace reader {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono;

namespace {

std::string text_of(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error{"cannot open " + path.string()};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string sha256_of(const std::string& data)
{
    std::array<unsigned char, SHA256_DIGEST_LENGTH> sum{};
    SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), sum.data());
    std::string hex;
    for (auto byte : sum)
        for (auto half : {byte >> 4, byte & 15}) hex += "0123456789abcdef"[half];
    return hex;
}

bool is(const json::object& object, const std::string& name, const std::string& text)
{
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() && value->get_string() == json::string_view{text};
}

std::uint64_t lsn(const json::value& text)
{
    unsigned high = 0;
    unsigned low = 0;
    if (std::sscanf(text.as_string().c_str(), "%X/%X", &high, &low) != 2) throw std::runtime_error{"no position"};
    return std::uint64_t{high} << 32 | low;
}

/// 2026-11-23T01:54:45.088311Z
sys_time<microseconds> time_of(const json::string& text)
{
    int y = 0;
    unsigned mo = 0, d = 0, h = 0, mi = 0, s = 0, us = 0;
    if (std::sscanf(text.c_str(), "%d-%u-%uT%u:%u:%u.%6uZ", &y, &mo, &d, &h, &mi, &s, &us) != 7)
        throw std::runtime_error{"no time"};
    return sys_days{year{y} / month{mo} / day{d}} + hours{h} + minutes{mi} + seconds{s} + microseconds{us};
}

bool fits(std::string_view number)
{
    std::int64_t whole = 0;
    double real = 0;
    const auto* end = number.data() + number.size();
    if (auto [stop, ec] = std::from_chars(number.data(), end, whole); ec == std::errc{} && stop == end) return true;
    if (auto [stop, ec] = std::from_chars(number.data(), end, real); ec != std::errc{} || stop != end) return false;
    auto mantissa = number.substr(0, number.find_first_of("eE"));
    auto first = std::min(mantissa.find_first_of("123456789"), mantissa.size());
    return std::count_if(mantissa.begin() + static_cast<std::ptrdiff_t>(first), mantissa.end(),
                         [](char c) { return c >= '0' && c <= '9'; }) <= 15;
}

std::size_t end_of_string(std::string_view text, std::size_t at)
{
    for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    return std::min(at + 1, text.size());
}

}  // namespace

json::value parse_exact(std::string_view text)
{
    std::string exact;
    exact.reserve(text.size());
    for (std::size_t at = 0, end = 0; at < text.size(); at = end) {
        bool is_number = text[at] == '-' || (text[at] >= '0' && text[at] <= '9');
        if (text[at] == '"')
            end = end_of_string(text, at);
        else if (is_number)
            end = std::min(text.find_first_not_of("+-.0123456789Ee", at), text.size());
        else
            end = std::min(text.find_first_of("\"-0123456789", at), text.size());
        auto token = text.substr(at, end - at);
        bool quote = is_number && !fits(token);
        exact.append(quote ? "\"" : "").append(token).append(quote ? "\"" : "");
    }
    json::parse_options options;
    options.max_depth = 4096;  // json columns nest as deep as their writers liked
    return json::parse(exact, {}, options);
}

struct snapshot::generation {
    fs::path path;
    struct stat facts{};
    std::string manifest_text;
    std::int64_t number = 0;
    std::uint64_t position = 0;
    json::value content_as_of;
    json::value document;

    bool same_directory(const fs::path& at, const struct stat& now) const
    {
        return path == at && facts.st_dev == now.st_dev && facts.st_ino == now.st_ino &&
               facts.st_mtim.tv_sec == now.st_mtim.tv_sec && facts.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
    }
};

struct snapshot::status {
    std::int64_t generation = 0;
    std::uint64_t position = 0;
    json::value current_as_of;  ///< Null until it was proved.
    sys_time<microseconds> proved{};
    milliseconds clock_offset{};
};

answer snapshot::read(const std::string& table, std::optional<double> max_age_seconds)
{
    auto trouble = refresh();
    if (!held_) throw refused{*trouble};
    answer made;
    made.generation = held_->number;
    made.content_as_of = held_->content_as_of;
    tell_age(made);
    if (max_age_seconds && (!made.age_seconds || *made.age_seconds > *max_age_seconds))
        throw refused{"too_old", made.age_seconds ? std::to_string(*made.age_seconds) + " s" : "its age is unknown"};
    const auto* rows = held_->document.as_object().if_contains(table);
    if (rows == nullptr) throw refused{"unknown_table", options.document + " has no " + table};
    made.rows = std::shared_ptr<const json::value>{held_, rows};
    made.warning = trouble ? trouble->outcome : made.generation < highest_ ? "rolled_back" : "";
    return made;
}

/// Takes over what is announced, if it is good and not held already. Returns what is wrong with it.
std::optional<refused> snapshot::refresh()
{
    std::optional<refused> trouble;
    for (int tries = 0; tries < 2; ++tries) {  // twice, because it may have been replaced and removed meanwhile
        auto now = read_status();              // before `current`, so that it is not of a later generation
        try {
            held_ = open_current();
        } catch (const refused& error) {
            trouble = error;
            continue;
        } catch (const std::exception& error) {
            trouble = refused{"torn", error.what()};
            continue;
        }
        if (now) status_ = std::move(now);
        highest_ = std::max(highest_, held_->number);
        return std::nullopt;
    }
    return trouble;
}

std::shared_ptr<const snapshot::generation> snapshot::open_current() const
{
    std::error_code failed;
    generation found;
    found.path = fs::canonical(options.directory / "current", failed);  // once: from here on one generation
    if (failed || ::stat(found.path.c_str(), &found.facts) != 0)
        throw refused{"no_generation", (options.directory / "current").string() + " leads to none"};
    if (held_ && held_->same_directory(found.path, found.facts)) return held_;
    load(found);
    return std::make_shared<const generation>(std::move(found));
}

void snapshot::load(generation& into) const
{
    into.manifest_text = text_of(into.path / "manifest.json");
    auto manifest = json::parse(into.manifest_text);
    if (manifest.at("format") != 1) throw refused{"newer_format", "of " + into.path.string()};
    into.number = manifest.at("generation").as_int64();
    into.position = lsn(manifest.at("position"));
    into.content_as_of = manifest.at("content_as_of");
    check_history(into, manifest.at("source").as_object());
    for (const auto& each : manifest.at("documents").as_array())
        if (is(each.as_object(), "file", options.document)) return load_document(into, each.as_object());
    throw refused{"unknown_document", into.path.string() + " has no " + options.document};
}

void snapshot::check_history(const generation& found, const json::object& source) const
{
    if (std::stoll(found.path.filename().string()) != found.number)
        throw refused{"torn", found.path.string() + " has the manifest of another generation"};
    for (const auto& [name, value] : options.expect_source)
        if (!is(source, name, value)) throw refused{"foreign", "its source is " + json::serialize(source)};
    if (held_ && held_->number == found.number && held_->manifest_text != found.manifest_text)
        throw refused{"foreign", "there are two generations " + std::to_string(found.number)};
}

void snapshot::load_document(generation& into, const json::object& described) const
{
    auto file = into.path / options.document;
    if (fs::file_size(file) != described.at("bytes").to_number<std::uint64_t>())
        throw refused{"torn", file.string() + " does not have the size that the manifest says"};
    auto data = text_of(file);
    if (!is(described, "sha256", sha256_of(data)))
        throw refused{"torn", file.string() + " does not have the SHA-256 that the manifest says"};
    into.document = parse_exact(data);
    if (!into.document.is_object()) throw refused{"torn", file.string() + " is no object"};
}

/// Nothing where it cannot be read: the rows are good without it; only their age is unknown.
std::shared_ptr<const snapshot::status> snapshot::read_status() const
try {
    auto from = json::parse(text_of(options.directory / "status.json"));
    if (from.at("format") != 1) return nullptr;
    status now;
    now.generation = from.at("generation").as_int64();
    now.position = lsn(from.at("position"));
    now.current_as_of = from.at("current_as_of");
    if (!now.current_as_of.is_null()) now.proved = time_of(now.current_as_of.as_string());
    if (const auto& offset = from.at("clock_offset_ms"); !offset.is_null())
        now.clock_offset = milliseconds{offset.as_int64()};
    return std::make_shared<const status>(std::move(now));
} catch (const std::exception&) {
    return nullptr;
}

void snapshot::tell_age(answer& into) const
{
    if (!status_ || status_->current_as_of.is_null() || status_->generation > held_->number) return;
    if (status_->position > held_->position) return;  // the database was restored in between
    into.current_as_of = status_->current_as_of;
    duration<double> age = options.clock() + status_->clock_offset - status_->proved;
    into.age_seconds = std::max(0.0, age.count());
}

answer database_first::read(const std::function<json::value()>& ask, const std::string& table,
                            std::optional<double> max_age_seconds)
{
    if (steady_clock::now() < retry_at_) {
        try {
            return from_snapshot(table, max_age_seconds);
        } catch (const refused&) {
            // Better late than no answer: the database may be back.
        }
    }
    try {
        answer made;
        made.source = "database";
        made.rows = std::make_shared<const json::value>(ask());
        made.age_seconds = 0;
        retry_at_ = {};
        return made;
    } catch (const unreachable& error) {
        why_ = error.what();
        retry_at_ = steady_clock::now() + duration_cast<steady_clock::duration>(pause_);
        return from_snapshot(table, max_age_seconds);
    }
}

answer database_first::from_snapshot(const std::string& table, std::optional<double> max_age_seconds)
{
    auto made = snapshot_.read(table, max_age_seconds);
    made.why = why_;
    return made;
}

}  // namespace reader
