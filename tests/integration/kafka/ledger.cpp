#include "ledger.hpp"

#include "support/files.hpp"
#include "support/oracle.hpp"
#include "support/sql.hpp"

#include <boost/json/parse.hpp>

#include <chrono>
#include <stdexcept>

namespace understudy::testing {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr int accounts = 20;
constexpr std::int64_t first_balance = 1000;

}  // namespace

std::string ledger_load::tables()
{
    return "CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL);"
           "CREATE TABLE entries (id bigserial PRIMARY KEY, source int, target int, amount bigint);"
           "INSERT INTO entries (source, target, amount) VALUES (1, 1, 0);"
           "INSERT INTO accounts SELECT id, " +
           std::to_string(first_balance) + " FROM generate_series(1, " + std::to_string(accounts) + ") id;";
}

ledger_load::ledger_load(std::string connection, std::uint64_t seed)
    : connection_{std::move(connection)}, random_{seed}, thread_{[this] { run(); }}
{
}

void ledger_load::stop()
{
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void ledger_load::run()
{
    while (!stopping_) {
        try {
            sql_session session{connection_};
            while (!stopping_) move_amounts(session, random(1, 10) == 1 ? 30 : random(1, 3));
        } catch (const std::runtime_error&) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});  // the server is away
        }
    }
}

// Now and then the oldest entry goes, and what it moved goes back.
void ledger_load::move_amounts(sql_session& session, int count)
{
    session.exec("BEGIN");
    for (; count > 0; --count) {
        auto source = std::to_string(random(1, accounts));
        auto target = std::to_string(random(1, accounts));
        auto amount = std::to_string(random(1, 100));
        session.exec("UPDATE accounts SET balance = balance - " + amount + " WHERE id = " + source);
        session.exec("INSERT INTO entries (source, target, amount) VALUES (" + source + ", " + target + ", " + amount +
                     ")");
        session.exec("UPDATE accounts SET balance = balance + " + amount + " WHERE id = " + target);
    }
    if (random(1, 2) == 1)
        session.exec(
            "WITH gone AS (DELETE FROM entries WHERE id = (SELECT min(id) FROM entries) RETURNING *),"
            " back AS (SELECT source AS id, amount FROM gone UNION ALL SELECT target, -amount FROM gone)"
            " UPDATE accounts SET balance = balance + back.amount FROM (SELECT id, sum(amount) AS amount FROM back GROUP BY id)"
            " back WHERE accounts.id = back.id");
    session.exec(random(1, 10) == 1 ? "ROLLBACK" : "COMMIT");
    ++committed_;
    std::this_thread::sleep_for(std::chrono::milliseconds{random(0, 10)});  // a pace that Debezium can keep up with
}

ledger_reader::ledger_reader(fs::path snapshot_directory)
    : directory_{std::move(snapshot_directory)}, thread_{[this] { run(); }}
{
}

std::string ledger_reader::stop()
{
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return problem_;
}

std::uint64_t ledger_reader::generations(const std::string& level) const
{
    std::lock_guard lock{mutex_};
    auto found = generations_.find(level);
    return found == generations_.end() ? 0 : found->second;
}

void ledger_reader::run()
{
    do {
        look();
        std::this_thread::sleep_for(std::chrono::milliseconds{2});  // how often this application looks
    } while (!stopping_);
    look();
}

void ledger_reader::look()
{
    std::error_code none;
    auto target = fs::read_symlink(directory_ / "current", none);
    if (none || target == seen_ || !problem_.empty()) return;
    seen_ = target;
    try {
        auto manifest = json::parse(read_file(directory_ / target / "manifest.json")).as_object();
        std::string level{manifest.at("consistency").as_string()};
        auto wrong = disagreement(directory_ / target / "snapshot.json");
        if (level == "transaction" && !wrong.empty()) problem_ = target.string() + ": " + wrong;
        std::lock_guard lock{mutex_};
        ++generations_[level];
    } catch (const std::exception& error) {
        problem_ = target.string() + ": " + error.what();
    }
}

std::string disagreement(const fs::path& document)
{
    auto whole = read_document(document);
    std::map<std::int64_t, std::int64_t> expected;
    for (const auto& text : whole.rows.at("entries")) {
        auto entry = json::parse(text).as_object();
        expected[entry.at("source").as_int64()] -= entry.at("amount").as_int64();
        expected[entry.at("target").as_int64()] += entry.at("amount").as_int64();
    }
    for (const auto& text : whole.rows.at("accounts")) {
        auto account = json::parse(text).as_object();
        auto id = account.at("id").as_int64();
        auto balance = account.at("balance").as_int64();
        if (balance != first_balance + expected[id])
            return "account " + std::to_string(id) + " has " + std::to_string(balance) + ", and its entries make " +
                   std::to_string(first_balance + expected[id]);
    }
    return {};
}

}  // namespace understudy::testing
