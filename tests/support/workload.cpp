#include "support/workload.hpp"

#include "support/sql.hpp"

#include <array>
#include <stdexcept>

namespace understudy::testing {

namespace {

constexpr int ids = 1000;         // few enough that writers meet, many enough that they rarely wait
constexpr int large_text = 6000;  // incompressible and over 2 kB: kept out of line (TOAST)

}  // namespace

void workload::create_tables(sql_session& session, int rows)
{
    session.exec("CREATE TABLE public.items (id bigint PRIMARY KEY, name text NOT NULL, amount numeric,"
                 " note text, large text, tags text[], attributes jsonb, changed_at timestamptz DEFAULT now());"
                 "ALTER TABLE public.items ALTER COLUMN large SET STORAGE EXTERNAL;"
                 "CREATE TABLE public.events (at timestamptz NOT NULL, what text);"
                 "ALTER TABLE public.events REPLICA IDENTITY FULL;");
    session.exec("INSERT INTO public.items SELECT id, 'item ' || id, id / 7.0, NULL, repeat(md5(id::text), 100),"
                 " ARRAY['a', NULL, 'b\"c'], jsonb_build_object('n', id) FROM generate_series(1, " +
                 std::to_string(rows) + ") id");
}

workload::workload(workload_options options)
    : options_{std::move(options)}, random_{options_.seed}, thread_{[this] { run(); }}
{
}

workload_counts workload::stop()
{
    {
        std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    return {.committed = committed_, .rolled_back = rolled_back_, .failed = failed_};
}

bool workload::stopping_within(std::chrono::microseconds time)
{
    std::unique_lock lock{mutex_};
    return wake_.wait_for(lock, time, [this] { return stopping_; });
}

void workload::run()
{
    do {
        try {
            write_until_lost_or_stopped();
        } catch (const std::runtime_error&) {
            ++failed_;
        }
    } while (!stopping_within(std::chrono::milliseconds{20}));
}

void workload::write_until_lost_or_stopped()
{
    sql_session session{options_.connection};
    while (!stopping_within(options_.pause)) write_transaction(session);
}

void workload::write_transaction(sql_session& session)
{
    bool roll_back = random(1, 20) == 1;
    session.exec("BEGIN");
    for (int statement = random(1, 5); statement > 0; --statement) {
        bool undo = random(1, 10) == 1;
        if (undo) session.exec("SAVEPOINT here");
        session.exec(random_statement());
        if (undo) session.exec("ROLLBACK TO SAVEPOINT here");
    }
    session.exec(roll_back ? "ROLLBACK" : "COMMIT");
    if (roll_back)
        ++rolled_back_;
    else
        ++committed_;
}

std::string workload::random_statement()
{
    auto id = random_id();
    switch (random(0, 8)) {
    case 0:
    case 1:
        return "INSERT INTO public.items (id, name, amount, large) VALUES (" + id + ", '" + random_text(20) + "', " +
               id + "." + id + ", '" + random_text(large_text) +
               "') ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount";
    case 2: return "UPDATE public.items SET amount = coalesce(amount, 0) + 0.10 WHERE id = " + id;
    case 3: return "UPDATE public.items SET note = '" + random_text(40) + "', changed_at = now() WHERE id = " + id;
    case 4: return "UPDATE public.items SET large = '" + random_text(large_text) + "' WHERE id = " + id;
    case 5:
        return "UPDATE public.items SET id = " + random_id() + " + " + std::to_string(ids) + " WHERE id = " + id +
               " AND NOT EXISTS (SELECT FROM public.items WHERE id > " + std::to_string(ids) + ")";
    case 6: return "DELETE FROM public.items WHERE id IN (" + id + ", " + random_id() + ")";
    case 7:
        return "UPDATE public.items SET tags = array_append(tags, '" + random_text(5) + "') WHERE id BETWEEN " + id +
               " AND " + id + " + 30";
    default: break;
    }
    return random(1, 4) == 1 ? "DELETE FROM public.events WHERE what < '" + random_text(3) + "'"
                             : "INSERT INTO public.events SELECT date_trunc('minute', now()), '" + random_text(2) +
                                   "' FROM generate_series(1, 3)";
}

std::string workload::random_id()
{
    return std::to_string(random(1, ids));
}

std::string workload::random_text(int length_max)
{
    // Quotes, escapes, control characters and more than one byte a character: all of it has a JSON form.
    static constexpr std::array<const char*, 14> pieces{"a",  "b",  "c",  "1",  "2",    "3", " ",
                                                        "\"", "\\", "\n", "\t", "\x01", "ü", "\xF0\x9F\x98\x80"};
    std::string text;
    for (int length = random(0, length_max); length > 0; --length)
        text += pieces[static_cast<std::size_t>(random(0, static_cast<int>(pieces.size()) - 1))];
    return text;
}

}  // namespace understudy::testing
