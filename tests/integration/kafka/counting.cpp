#include "counting.hpp"

#include "core/lsn.hpp"
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

constexpr int ids = 300;

}  // namespace

std::string counting_load::tables(int rows)
{
    return "CREATE SEQUENCE ticks; CREATE TABLE counted (id int PRIMARY KEY, n bigint NOT NULL, note text);"
           "INSERT INTO counted SELECT id, nextval('ticks'), 'first' FROM generate_series(1, " +
           std::to_string(rows) + ") id;";
}

counting_load::counting_load(std::string connection, std::uint64_t seed)
    : connection_{std::move(connection)}, random_{seed}, thread_{[this] { run(); }}
{
}

void counting_load::stop()
{
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void counting_load::run()
{
    while (!stopping_) {
        try {
            sql_session early{connection_};
            sql_session late{connection_};
            while (!stopping_) write_pair(early, late);
        } catch (const std::runtime_error&) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});  // the server is away
        }
    }
}

// Each writes rows of its own, so neither waits for the other.
void counting_load::write_pair(sql_session& early, sql_session& late)
{
    early.exec("BEGIN");
    late.exec("BEGIN");
    early.exec(statement(0));
    for (int more = random(1, 3); more > 0; --more) late.exec(statement(1));
    late.exec(random(1, 10) == 1 ? "ROLLBACK" : "COMMIT");
    early.exec(statement(0));
    early.exec("COMMIT");
    std::this_thread::sleep_for(std::chrono::milliseconds{random(0, 4)});  // a pace that Debezium can keep up with
}

std::string counting_load::statement(int parity)
{
    ++written_;
    auto id = std::to_string(2 * random(1, ids / 2) + parity);
    switch (random(0, 9)) {
    case 0: return "DELETE FROM counted WHERE id = " + id;
    case 1: return "UPDATE counted SET n = nextval('ticks'), note = NULL WHERE id = " + id;
    case 2:
        return "DELETE FROM counted WHERE id = " + id + "; INSERT INTO counted VALUES (" + id +
               ", nextval('ticks'), 'again')";
    default: break;
    }
    return "INSERT INTO counted VALUES (" + id +
           ", nextval('ticks'), 'new') ON CONFLICT (id) DO UPDATE SET n = nextval('ticks'), note = counted.note || 'x'";
}

generation_watcher::generation_watcher(fs::path snapshot_directory)
    : directory_{std::move(snapshot_directory)}, thread_{[this] { run(); }}
{
}

std::string generation_watcher::stop()
{
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return problem_;
}

void generation_watcher::run()
{
    do {
        look();
        std::this_thread::sleep_for(std::chrono::milliseconds{2});  // how often this application looks
    } while (!stopping_);
    look();
}

void generation_watcher::look()
{
    std::error_code none;
    auto target = fs::read_symlink(directory_ / "current", none);
    if (none || target == seen_ || !problem_.empty()) return;
    seen_ = target;
    ++generations_;
    try {
        read(directory_ / target);
    } catch (const std::exception& error) {
        problem_ = target.string() + ": " + error.what();
    }
}

void generation_watcher::read(const fs::path& generation)
{
    auto manifest = json::parse(read_file(generation / "manifest.json")).as_object();
    auto number = manifest.at("generation").to_number<std::uint64_t>();
    std::string position{manifest.at("position").as_string()};
    if (number <= generation_) throw std::runtime_error{"it came after " + std::to_string(generation_)};
    if (!position_.empty() && parse_lsn(position).value() < parse_lsn(position_).value())
        throw std::runtime_error{position + " came after " + position_};
    generation_ = number;
    position_ = position;
    read_rows(generation / "snapshot.json");
}

void generation_watcher::read_rows(const fs::path& document)
{
    std::map<std::int64_t, std::int64_t> now;
    auto whole = read_document(document);
    for (const auto& text : whole.rows.at("counted")) {
        auto row = json::parse(text).as_object();
        now[row.at("id").as_int64()] = row.at("n").as_int64();
    }
    for (auto& [id, known] : rows_)
        if (!now.contains(id)) known.is_there = false;
    for (const auto& [id, n] : now) {
        auto& known = rows_[id];
        if (n < known.n || (n == known.n && !known.is_there))
            throw std::runtime_error{"row " + std::to_string(id) + " has " + std::to_string(n) + " after " +
                                     std::to_string(known.n) + (known.is_there ? "" : ", and was gone")};
        known = {.n = n, .is_there = true};
    }
}

}  // namespace understudy::testing
