#pragma once

#include "kafka_kit.hpp"
#include "support/oracle.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace understudy::testing {

enum class columns_from { description, messages };

struct topic_mirror_options {
    std::string name;                     ///< Of the database, the connector and its slot; prefix of the topics.
    std::string setup;                    ///< SQL that makes the tables.
    std::vector<std::string> tables;      ///< As SQL writes them, `public.item`; described, captured and mirrored.
    connector_properties connector = {};  ///< On top of the recommended ones.
    std::string source = {};              ///< More of `source.kafka`, as YAML lines indented by four.
    std::string encodings = {};           ///< In place of the `connector` section that fits the recommended ones.
    std::string more = {};                ///< More of the config; everything is quick already.
    columns_from columns = columns_from::description;  ///< With messages, the connector sends schemas.
    std::string brokers = {};                          ///< Of the topics that are followed; empty: the shared one.
    std::vector<std::string> followed = {};            ///< As the config lists them, in YAML; empty: `tables`.
};

/// A database of its own on the shared server, a connector that writes its tables to topics of the shared broker, and the real
/// program that follows these. What every test of the whole way starts from.
///
/// Connector, slot, database and process end with this object; the topics stay. Throws std::runtime_error, with the program's log,
/// when something does not work.
class topic_mirror {
public:
    /// Nothing runs yet, but the tables are there, and described, unless messages say what they are.
    explicit topic_mirror(topic_mirror_options options);
    topic_mirror(const topic_mirror&) = delete;
    topic_mirror& operator=(const topic_mirror&) = delete;
    ~topic_mirror();

    void exec(const std::string& statements) { session_.exec(statements); }
    sql_session& session() noexcept { return session_; }
    std::string connection() const { return connection_; }
    sidecar_process& sidecar() noexcept { return sidecar_; }
    const std::string& name() const noexcept { return options_.name; }
    std::string topic(const std::string& table) const { return options_.name + ".public." + table; }
    std::filesystem::path description() const { return scratch_ / "tables.json"; }

    /// Starts the connector, or goes on with it; `more` on top of its settings.
    void capture(const connector_properties& more = {});
    void end_capture();
    connector_properties connector() const;

    /// `understudy describe`, into the file that the config names.
    void describe();

    /// Another program that follows the same topics by a description.
    std::unique_ptr<sidecar_process> described_one();

    void start() { sidecar_.start(); }

    /// Starts, and waits until it streams with a generation announced.
    void start_following();
    void kill();

    /// SIGTERM; throws unless it exits with 0 in time.
    void stop();

    /// How the announced document differs from the database, in which nobody writes now. Waits until it does not; empty when it
    /// became equal in time.
    std::string lasting_difference(std::chrono::milliseconds patience = std::chrono::seconds{30});

    /// What the tables hold, as the default document shows it.
    member_rows rows_of_database();

    /// The announced rows of a table, sorted as text; none before the first generation.
    std::vector<std::string> rows(const std::string& member) const;

    /// status.json and the manifest of the announced generation; empty when there is none.
    boost::json::object status() const;
    boost::json::object manifest() const;
    std::string state() const { return status_text("state"); }
    std::string reason() const { return status_text("reason"); }
    std::string reason_text() const { return status_text("reason_text"); }
    std::uint64_t generation() const;

    /// Whether status.json says this reason, soon.
    bool comes_to(const std::string& reason, std::chrono::milliseconds patience = std::chrono::seconds{20}) const;

    /// Whether that much time passes without a generation after `number`: what must not happen has no sign to wait for.
    bool announces_nothing_after(std::uint64_t number, std::chrono::milliseconds time = std::chrono::milliseconds{700});

    /// How often `text` stands in the log.
    std::size_t logged(const std::string& text) const;

    /// For the message of a check: its status and log at the time when it is printed.
    class explanation;
    explanation explain() const;
    std::string explained() const;

private:
    std::string status_text(const std::string& member) const;

    topic_mirror_options options_;
    std::string connection_;
    sql_session session_;
    temp_directory scratch_;
    sidecar_process sidecar_;
    bool capturing_ = false;
};

class topic_mirror::explanation {
public:
    explicit explanation(const topic_mirror& of) : of_{of} {}
    friend std::ostream& operator<<(std::ostream& out, const explanation& what) { return out << what.of_.explained(); }

private:
    const topic_mirror& of_;
};

inline topic_mirror::explanation topic_mirror::explain() const
{
    return explanation{*this};
}

}  // namespace understudy::testing
