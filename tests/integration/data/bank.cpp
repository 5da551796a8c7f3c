#include "integration/data/bank.hpp"

#include "support/sql.hpp"

#include <boost/json/parse.hpp>

#include <chrono>
#include <map>
#include <set>
#include <stdexcept>

namespace understudy::testing {

namespace {

constexpr int accounts = 40;
constexpr int first_balance = 1000;
constexpr int text_repeats = 120;  // of an md5: kept out of line
constexpr int rows_of_a_round = 7;

struct account {
    std::int64_t balance = 0;
    std::int64_t transfers = 0;
};

boost::json::object parsed(const std::string& row)
{
    return boost::json::parse(row).as_object();
}

/// What each account must hold when these transfers, and no others, were made.
std::map<std::int64_t, account> expected_accounts(const std::vector<std::string>& transfers)
{
    std::map<std::int64_t, account> expected;
    for (int nr = 1; nr <= accounts; ++nr) expected[nr].balance = first_balance;
    for (const auto& row : transfers) {
        auto transfer = parsed(row);
        auto amount = transfer.at("amount").as_int64();
        auto& from = expected[transfer.at("source").as_int64()];
        from.balance -= amount;
        ++from.transfers;
        auto& to = expected[transfer.at("target").as_int64()];
        to.balance += amount;
        ++to.transfers;
    }
    return expected;
}

bool is_of_one_update(const boost::json::object& account)
{
    std::string once{account.at("seed").as_string()};
    std::string whole{account.at("text").as_string()};
    std::string expected;
    for (int count = 0; count < text_repeats; ++count) expected += once;
    return whole == expected;
}

std::string check_accounts(const member_rows& rows)
{
    auto expected = expected_accounts(rows.at("transfers"));
    for (const auto& row : rows.at("accounts")) {
        auto found = parsed(row);
        auto wanted = expected.find(found.at("nr").as_int64());
        if (wanted == expected.end()) return "an account twice, or of nobody: " + row.substr(0, 200);
        if (found.at("balance").as_int64() != wanted->second.balance ||
            found.at("transfers").as_int64() != wanted->second.transfers)
            return "the transfers come to " + std::to_string(wanted->second.balance) + " after " +
                   std::to_string(wanted->second.transfers) + ": " + row.substr(0, 200);
        if (!is_of_one_update(found)) return "a text of another update: " + row.substr(0, 200);
        expected.erase(wanted);
    }
    return expected.empty() ? "" : std::to_string(expected.size()) + " accounts are missing";
}

std::string check_rounds(const member_rows& rows)
{
    std::set<std::int64_t> numbers;
    for (const auto& row : rows.at("rounds")) numbers.insert(parsed(row).at("round").as_int64());
    auto count = rows.at("rounds").size();
    if (numbers.size() == 1 && count == rows_of_a_round) return {};
    return std::to_string(count) + " rows of " + std::to_string(numbers.size()) + " rounds";
}

}  // namespace

void create_bank(sql_session& session)
{
    auto count = std::to_string(accounts);
    session.exec(
        "CREATE TABLE accounts (id int PRIMARY KEY, nr int NOT NULL, balance int NOT NULL, transfers int NOT NULL,"
        " seed text NOT NULL, text text NOT NULL);"
        "ALTER TABLE accounts ALTER COLUMN text SET STORAGE EXTERNAL;"
        "CREATE TABLE transfers (id bigserial PRIMARY KEY, source int NOT NULL, target int NOT NULL,"
        " amount int NOT NULL);"
        "CREATE TABLE rounds (round int NOT NULL, nr int NOT NULL, PRIMARY KEY (nr, round));"
        "INSERT INTO accounts SELECT nr, nr, " +
        std::to_string(first_balance) + ", 0, md5(nr::text), repeat(md5(nr::text), " + std::to_string(text_repeats) +
        ") FROM generate_series(1, " + count +
        ") nr;"
        "INSERT INTO rounds SELECT 0, nr FROM generate_series(1, " +
        std::to_string(rows_of_a_round) + ") nr");
}

std::string broken_promises_of_the_bank(const published_document& document)
{
    auto wrong = check_accounts(document.rows);
    return wrong.empty() ? check_rounds(document.rows) : wrong;
}

bank_teller::bank_teller(std::string connection, std::uint64_t seed)
    : connection_{std::move(connection)}, random_{seed}, thread_{[this] { run(); }}
{
}

std::uint64_t bank_teller::stop()
{
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return committed_;
}

void bank_teller::run()
{
    sql_session session{connection_};
    while (!stopping_) {
        try {
            write(session);
        } catch (const std::runtime_error&) {
            session.exec("ROLLBACK");  // a deadlock; throws when the server is gone
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});  // the pace of this load
    }
}

void bank_teller::write(sql_session& session)
{
    bool roll_back = random(1, 15) == 1;
    session.exec("BEGIN");
    session.exec(statements());
    session.exec(roll_back ? "ROLLBACK" : "COMMIT");
    if (!roll_back) ++committed_;
}

std::string bank_teller::statements()
{
    auto work = transfer();
    for (int more = random(0, 3); more > 0; --more) work += transfer();
    if (random(1, 6) == 1) work += "SAVEPOINT undone;" + transfer() + new_text() + "ROLLBACK TO SAVEPOINT undone;";
    if (random(1, 5) == 1) work += new_text();
    if (random(1, 25) == 1) work += new_round();
    // Every key moves at once, so that keys are taken over within one statement's work.
    if (random(1, 20) == 1) work += "UPDATE accounts SET id = -id;";
    return work;
}

std::string bank_teller::transfer()
{
    auto source = random(1, accounts);
    auto target = source % accounts + 1;
    auto amount = std::to_string(random(1, 50));
    auto from = std::to_string(source);
    auto to = std::to_string(target);
    return "UPDATE accounts SET balance = balance - " + amount + ", transfers = transfers + 1 WHERE nr = " + from +
           ";UPDATE accounts SET balance = balance + " + amount + ", transfers = transfers + 1 WHERE nr = " + to +
           ";INSERT INTO transfers (source, target, amount) VALUES (" + from + ", " + to + ", " + amount + ");";
}

std::string bank_teller::new_text()
{
    auto seed = "md5('" + std::to_string(random(1, 1000000)) + "')";
    return "UPDATE accounts SET seed = " + seed + ", text = repeat(" + seed + ", " + std::to_string(text_repeats) +
           ") WHERE nr = " + std::to_string(random(1, accounts)) + ";";
}

std::string bank_teller::new_round()
{
    // No TRUNCATE: under the oracle's snapshot the table would be empty, for TRUNCATE keeps no rows for older snapshots.
    return std::string{"SELECT pg_advisory_xact_lock(1); DELETE FROM rounds;"} + "INSERT INTO rounds SELECT " +
           std::to_string(random(1, 1000000)) + ", nr FROM generate_series(1, " + std::to_string(rows_of_a_round) +
           ") nr;";
}

}  // namespace understudy::testing
