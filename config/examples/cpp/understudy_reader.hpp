// Database first, on error the snapshot of understudy. C++20, Boost.JSON and OpenSSL's SHA-256.
//
// `snapshot` reads a snapshot directory by the rules of schemas/reader.md. `database_first` asks your database, and the
// snapshot only when the database cannot be reached. Neither ever writes. Each belongs to one thread at a time.
#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace reader {

/// Your query function throws it when there is no connection: and for nothing else, for the snapshot answers then.
struct unreachable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// There is no answer. `outcome` is a name of reader.md: too_old, torn, foreign, ...
struct refused : std::runtime_error {
    refused(std::string name, const std::string& text)
        : std::runtime_error{name + ": " + text}, outcome{std::move(name)}
    {
    }
    std::string outcome;
};

struct answer {
    std::string source = "snapshot";                 ///< "database" or "snapshot".
    std::shared_ptr<const boost::json::value> rows;  ///< A number that Boost.JSON would round is a string.
    std::optional<double> age_seconds;               ///< Nothing: unknown.
    std::int64_t generation = 0;
    boost::json::value content_as_of;  ///< The latest commit inside.
    boost::json::value current_as_of;  ///< Every commit acknowledged by then is inside.
    std::string warning;  ///< rolled_back, or why the announced generation was refused and an earlier one answers.
    std::string why;      ///< What the database said, when the snapshot answers.
};

struct snapshot_options {
    std::filesystem::path directory;
    std::string document = "snapshot.json";
    std::map<std::string, std::string> expect_source = {};  ///< E.g. {{"system_id", "7437..."}, {"database", "shop"}}.
    std::function<std::chrono::system_clock::time_point()> clock = std::chrono::system_clock::now;
};

class snapshot {
public:
    explicit snapshot(snapshot_options options) : options{std::move(options)} {}

    /// The rows of a table, at most `max_age_seconds` old (nothing: however old). Throws refused.
    answer read(const std::string& table, std::optional<double> max_age_seconds = {});

    snapshot_options options;

private:
    struct generation;
    struct status;
    std::optional<refused> refresh();
    std::shared_ptr<const generation> open_current() const;
    void load(generation& into) const;
    void check_history(const generation& found, const boost::json::object& source) const;
    void load_document(generation& into, const boost::json::object& described) const;
    std::shared_ptr<const status> read_status() const;
    void tell_age(answer& into) const;

    std::shared_ptr<const generation> held_;  ///< The last good one, parsed.
    std::shared_ptr<const status> status_;    ///< The last status.json that could be read beside a good generation.
    std::int64_t highest_ = 0;
};

class database_first {
public:
    /// After a failure the database is left alone for `pause`, so that not every read waits for it.
    explicit database_first(snapshot from, std::chrono::duration<double> pause = std::chrono::seconds{5})
        : snapshot_{std::move(from)}, pause_{pause}
    {
    }

    /// `ask` gives the rows. What it throws, but unreachable, is the caller's. Throws refused.
    answer read(const std::function<boost::json::value()>& ask, const std::string& table,
                std::optional<double> max_age_seconds = {});

private:
    answer from_snapshot(const std::string& table, std::optional<double> max_age_seconds);

    snapshot snapshot_;
    std::chrono::duration<double> pause_;
    std::chrono::steady_clock::time_point retry_at_{};
    std::string why_;
};

/// Parses JSON; a number that neither a 64-bit integer nor a double holds comes as a string of its digits.
/// Throws boost::system::system_error.
boost::json::value parse_exact(std::string_view text);

}  // namespace reader
