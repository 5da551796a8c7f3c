#include "integration/data/compact_json.hpp"
#include "integration/data/mirror.hpp"
#include "integration/data/seed.hpp"
#include "support/waiting.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <random>

using namespace understudy::testing;

namespace fs = std::filesystem;

// Documents that nest against the same documents built by the database.

namespace {

const char* const tables = R"sql(
    CREATE TABLE shops (id int PRIMARY KEY, name text, info bigint, extra json);
    CREATE TABLE details (shop smallint PRIMARY KEY, size numeric);
    CREATE TABLE infos (id int PRIMARY KEY, body text);
    CREATE TABLE products (id bigint PRIMARY KEY, shop int, rank numeric, label text, big text);
    CREATE TABLE prices (product bigint, currency text, amount numeric, PRIMARY KEY (product, currency));
    CREATE TABLE notes (product bigint, body text);
    ALTER TABLE notes REPLICA IDENTITY FULL;
    CREATE TABLE tags (name varchar PRIMARY KEY);
    CREATE TABLE tagged (id int PRIMARY KEY, tag text, at timestamptz);
    ALTER TABLE products ALTER COLUMN big SET STORAGE EXTERNAL;
)sql";

const char* const documents = R"yaml(documents:
  - file: shops.json
    header: false
    wrap: {given: [1, {x: "$$y"}], shops: $shops, tags: $tags}
    tables:
      - table: public.shops
        columns: [id, name]
        merge:
          - {table: public.details, by: shop, columns: [size]}
          - {table: public.infos, by: id, to: info, columns: [{body: info}]}
        nest:
          - table: public.products
            as: products
            by: shop
            order_by: [{rank: desc}, label]
            columns: [id, rank, label, big]
            nest:
              - {table: public.prices, as: prices, by: product, keyed_by: currency, columns: [amount]}
              - {table: public.notes, as: notes, by: product, order_by: [body], columns: [body]}
      - table: public.tags
        keyed_by: name
        nest:
          - {table: public.tagged, as: uses, by: tag, order_by: [at], columns: [id, at]}
  - file: snapshot.json
)yaml";

const char* const built_by_sql = R"sql(
    SELECT json_build_object(
        'given', json_build_array(1, json_build_object('x', '$y')),
        'shops', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'size', d.size, 'info', i.body,
            'products', (SELECT coalesce(json_agg(json_build_object(
                'id', p.id, 'rank', p.rank, 'label', p.label, 'big', p.big,
                'prices', (SELECT coalesce(json_object_agg(currency, json_build_object('amount', amount)
                                                           ORDER BY currency COLLATE "C"), '{}')
                           FROM prices WHERE product = p.id),
                'notes', (SELECT coalesce(json_agg(json_build_object('body', body) ORDER BY body COLLATE "C"), '[]')
                          FROM notes WHERE product = p.id))
                ORDER BY p.rank DESC, p.label COLLATE "C", p.id), '[]') FROM products p WHERE p.shop = s.id))
            ORDER BY s.id), '[]')
            FROM shops s LEFT JOIN details d ON d.shop = s.id LEFT JOIN infos i ON i.id = s.info),
        'tags', (SELECT coalesce(json_object_agg(t.name, json_build_object('name', t.name,
            'uses', (SELECT coalesce(json_agg(json_build_object('id', u.id, 'at', u.at) ORDER BY u.at, u.id), '[]')
                     FROM tagged u WHERE u.tag = t.name)) ORDER BY t.name COLLATE "C"), '{}') FROM tags t)))sql";

/// From the first byte that differs.
std::string first_difference(const std::string& ours, const std::string& theirs)
{
    if (ours == theirs) return {};
    auto at = static_cast<std::size_t>(std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end()).first -
                                       ours.begin());
    auto from = at < 80 ? 0 : at - 80;
    return "ours: " + ours.substr(from, 200) + "\ntheirs: " + theirs.substr(from, 200);
}

struct nesting : mirror {
    explicit nesting(mirror_options options = {.more = documents}) : mirror{std::move(options)}
    {
        exec(tables);
        exec("SET timezone = 'UTC'");
    }

    std::string differences_from_sql()
    {
        auto ours = compact(read_file(settle() / "shops.json"));
        return first_difference(ours, compact(session().scalar(built_by_sql)));
    }
};

/// Statements that do something to any of the tables, about a small range of values so that they meet.
class random_changes {
public:
    explicit random_changes(std::uint64_t seed) : random_{seed} {}

    std::string statement()
    {
        switch (number(16)) {
        case 0:
            return "INSERT INTO shops SELECT " + id(20) + ", " + text() + ", " + reference(8) +
                   " ON CONFLICT DO NOTHING";
        case 1: return "UPDATE shops SET name = " + text() + ", info = " + reference(8) + " WHERE id = " + id(20);
        case 2:
            return "UPDATE shops s SET id = id + 100 WHERE id = " + id(20) +
                   " AND NOT EXISTS (SELECT FROM shops o WHERE o.id = s.id + 100)";
        case 3: return "DELETE FROM shops WHERE id = " + id(40);
        case 4: return "INSERT INTO details VALUES (" + id(20) + ", " + amount() + ") ON CONFLICT DO NOTHING";
        case 5: return "DELETE FROM details WHERE shop = " + id(20);
        case 6: return "INSERT INTO infos VALUES (" + id(8) + ", " + text() + ") ON CONFLICT DO NOTHING";
        case 7: return "UPDATE products SET rank = " + amount() + " WHERE id % 7 = " + id(7);
        case 8: return "UPDATE products SET shop = " + reference(20) + " WHERE id = " + id(60);
        case 9: return "DELETE FROM products WHERE id = " + id(60);
        case 10:
            return "INSERT INTO prices VALUES (" + id(60) + ", " + text() + ", " + amount() +
                   ") ON CONFLICT (product, currency) DO UPDATE SET amount = excluded.amount";
        case 11: return "INSERT INTO notes SELECT " + reference(60) + ", " + text() + " FROM generate_series(1, 2)";
        case 12: return "DELETE FROM notes WHERE ctid IN (SELECT ctid FROM notes LIMIT 2)";
        case 13: return "INSERT INTO tags VALUES (" + long_text() + ") ON CONFLICT DO NOTHING";
        case 14:
            return "INSERT INTO tagged VALUES (" + id(60) + ", " + long_text() + ", " + time() +
                   ") ON CONFLICT (id) DO UPDATE SET tag = excluded.tag, at = excluded.at";
        default:
            return "INSERT INTO products SELECT " + id(60) + ", " + reference(20) + ", " + amount() + ", " + text() +
                   ", repeat(md5('" + id(99) + "'), 200) ON CONFLICT (id) DO UPDATE SET label = excluded.label";
        }
    }

    std::string transaction()
    {
        std::string all = "BEGIN;";
        for (auto left = 1 + number(12); left > 0; --left) all += statement() + ";";
        return all + (number(10) == 0 ? "ROLLBACK" : "COMMIT");
    }

private:
    std::uint64_t number(std::uint64_t below)
    {
        return std::uniform_int_distribution<std::uint64_t>{0, below - 1}(random_);
    }
    std::string id(std::uint64_t below) { return std::to_string(number(below)); }
    std::string reference(std::uint64_t below) { return number(6) == 0 ? "NULL" : id(below); }
    std::string pick(const std::vector<std::string>& choices) { return choices[number(choices.size())]; }
    std::string amount() { return pick({"NULL", "0", "1.0", "1.00", "-3.5", "12e20", "'NaN'", "7", "1000000.001"}); }
    std::string text() { return pick({"'a'", "'b'", "'B'", "E'q\"\\\\\\n'", "'ä'", "''", "'aa'"}); }
    std::string long_text()
    {
        return pick({"'a'", "'aä'", "repeat('l', 478)", "repeat('l', 479)", "repeat('l', 480)",
                     "repeat('l', 700) || 'x'", "repeat('l', 700) || 'y'", "''"});
    }
    std::string time()
    {
        return pick({"NULL", "'2026-01-01'", "'2026-01-01 00:00:00.5'", "'infinity'", "'-infinity'", "'0044-03-15 BC'",
                     "'12026-01-01'"});
    }

    std::mt19937_64 random_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(nested_documents)

BOOST_AUTO_TEST_CASE(they_equal_what_sql_builds_whatever_was_written)
{
    auto seed = test_seed();
    random_changes changes{seed};
    nesting source;
    for (int statement = 0; statement < 150; ++statement) source.exec(changes.statement());
    source.start();
    BOOST_TEST(source.differences_from_sql() == "", "seed " << seed);
    for (int round = 0; round < 25; ++round) {
        for (int transaction = 0; transaction < 12; ++transaction) source.exec(changes.transaction());
        BOOST_TEST_REQUIRE(source.differences_from_sql() == "", "seed " << seed << " round " << round);
        if (round == 8) {
            source.kill();
            source.launch();
        }
        if (round == 16) {
            source.stop();
            source.exec(changes.transaction());
            source.launch();
        }
    }
}

BOOST_AUTO_TEST_CASE(they_stay_equal_over_large_transactions_and_new_copies)
{
    nesting source{{.more = documents, .commit = "commit:\n  max_delay: 20ms\n  max_bytes: 64KiB\n"}};
    source.start();
    source.exec(
        "INSERT INTO shops SELECT i, 'shop ' || i FROM generate_series(1, 300) i;"
        "INSERT INTO products SELECT i, i * 7 % 310, i % 11, 'p' || i FROM generate_series(1, 20000) i;"
        "INSERT INTO prices SELECT i, c, i / 7.0 FROM generate_series(1, 20000) i, unnest('{EUR,USD}'::text[]) c;"
        "INSERT INTO notes SELECT i % 500, 'note' FROM generate_series(1, 2000) i");
    BOOST_TEST(source.differences_from_sql() == "");
    source.exec("UPDATE products SET shop = shop + 1 WHERE id % 3 = 0; DELETE FROM prices WHERE product % 5 = 0");
    BOOST_TEST(source.differences_from_sql() == "");
    source.exec("TRUNCATE prices");
    BOOST_TEST(source.differences_from_sql() == "");
    source.exec("ALTER TABLE products ADD COLUMN more int DEFAULT 5");
    source.exec("UPDATE products SET rank = id % 13 WHERE shop = 7");
    BOOST_TEST(source.differences_from_sql() == "");
    source.exec("ALTER TABLE products ALTER COLUMN rank TYPE double precision");
    BOOST_TEST(source.differences_from_sql() == "");
}

BOOST_AUTO_TEST_CASE(a_nest_that_a_reload_brings_is_published_and_one_that_it_takes_away_is_gone)
{
    nesting source{{.more = "documents:\n  - file: snapshot.json\n"}};
    source.exec("INSERT INTO shops SELECT i FROM generate_series(1, 50) i;"
                "INSERT INTO products SELECT i, i % 60 FROM generate_series(1, 5000) i");
    source.start();
    auto without = read_file(source.sidecar().config_file());
    auto with = without;
    with.replace(with.find("documents:"), std::string::npos, documents);
    auto reload = [&](const std::string& config, bool has_shops) {
        write_file(source.sidecar().config_file(), config);
        source.sidecar().signal(SIGHUP);
        auto arrived = [&] {
            auto now = source.current();
            return now && fs::exists(*now / "shops.json") == has_shops;
        };
        BOOST_TEST_REQUIRE(wait_for(arrived), source.sidecar().log());
    };
    reload(with, true);
    BOOST_TEST(source.differences_from_sql() == "");
    source.exec("UPDATE products SET shop = 1 WHERE id < 100");
    BOOST_TEST(source.differences_from_sql() == "");
    reload(without, false);
    source.exec("UPDATE products SET shop = 2 WHERE id < 200; DELETE FROM products WHERE id > 4000");
    BOOST_TEST(source.differences() == "");
    reload(with, true);
    BOOST_TEST(source.differences_from_sql() == "");
}

BOOST_AUTO_TEST_CASE(a_change_of_a_child_alone_writes_the_document_and_one_of_another_table_links_it)
{
    nesting source;
    source.exec(
        "CREATE TABLE other (id int PRIMARY KEY); INSERT INTO shops VALUES (1); INSERT INTO products VALUES (1, 1)");
    source.start();
    auto before = source.settle();
    source.exec("INSERT INTO other VALUES (1)");
    auto linked = source.settle();
    BOOST_TEST(fs::equivalent(before / "shops.json", linked / "shops.json"));
    source.exec("INSERT INTO prices VALUES (1, 'EUR', 5)");
    auto after = source.settle();
    BOOST_TEST(!fs::equivalent(before / "shops.json", after / "shops.json"));
    BOOST_TEST(read_file(after / "shops.json").find(R"("prices":{"EUR":{"amount":5}})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rows_that_cannot_be_shown_so_hold_back_the_generation_by_name_until_they_can)
{
    nesting source{{.more = R"yaml(documents:
  - file: shops.json
    tables:
      - {table: public.shops, columns: [id], hoist: extra, merge: [{table: public.products, by: shop, columns: [label]}]}
  - file: snapshot.json
)yaml"}};
    source.exec("INSERT INTO shops VALUES (1, '', NULL, '{\"a\": 1}')");
    source.start();
    auto refused = [&](const std::string& change, const std::string& text, const std::string& remedy) {
        source.exec(change);
        auto says_so = [&] { return source.sidecar().log().find(text) != std::string::npos; };
        BOOST_TEST(wait_for(says_so), source.sidecar().log());
        BOOST_TEST(source.sidecar().log().find("canary") == std::string::npos);
        source.exec(remedy);
        source.settle();
    };
    refused("INSERT INTO products VALUES (1, 1, 0, 'canary'), (2, 1, 0, 'canary')",
            "rows of table public.products cannot be merged", "DELETE FROM products WHERE id = 2");
    refused("UPDATE shops SET extra = '[\"canary\"]'", "column extra cannot be hoisted",
            "UPDATE shops SET extra = NULL");
    refused("UPDATE shops SET extra = '{\"id\": \"canary\"}'", "has the name of another member",
            "UPDATE shops SET extra = '{\"b\": 2}'");
    BOOST_TEST(read_file(source.settle() / "shops.json").find(R"({"id":1,"b":2,"label":"canary"})") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(check_and_run_refuse_what_only_the_catalog_can_tell)
{
    nesting source{{.more =
                        "documents:\n  - {file: a.json, tables: [{table: public.shops, nest: [{table: public.products, "
                        "by: label}]}]}\n"}};
    const std::string why = "label cannot be matched with id of public.shops";
    auto [status, output] = source.run_beside("check");
    BOOST_TEST(status == 1);
    BOOST_TEST(output.find(why) != std::string::npos, output);
    source.launch();
    BOOST_TEST(source.sidecar().wait(std::chrono::seconds{30}).value_or(-1) == 2);
    BOOST_TEST(source.sidecar().log().find(why) != std::string::npos, source.sidecar().log());
}

BOOST_AUTO_TEST_SUITE_END()
