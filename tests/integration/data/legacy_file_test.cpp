#include "integration/data/compact_json.hpp"
#include "integration/data/mirror.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

namespace fs = std::filesystem;

// An application that reads a file which it used to write itself, and the file that understudy writes in its place.

namespace {

const fs::path example = UNDERSTUDY_LEGACY_EXAMPLE;

/// The documents of the example, beside the one that the mirror needs.
std::string documents()
{
    auto text = read_file(example / "understudy.yaml");
    return text.substr(text.find("documents:")) + "  - {file: snapshot.json}\n";
}

struct shop : mirror {
    shop() : mirror{{.more = documents()}}
    {
        exec(read_file(example / "schema.sql"));
        exec("SET timezone = 'UTC'");
        start();
    }

    std::string published() { return read_file(settle() / "catalog.json"); }

    /// Whether the two are one JSON value: numbers by value and to the last digit, arrays in order.
    bool are_equal(const std::string& left, const std::string& right)
    {
        return session().scalar("SELECT $left$" + left + "$left$::jsonb = $right$" + right + "$right$::jsonb") == "t";
    }

    std::string built_by_sql() { return session().scalar(read_file(example / "catalog.sql")); }

    void check(const std::string& what)
    {
        auto ours = published();
        auto theirs = built_by_sql();
        BOOST_TEST(are_equal(ours, theirs), what << "\nours:   " << ours << "\ntheirs: " << theirs);
    }
};

std::string price_list_of(const fs::path& file)
{
    temp_directory scratch;
    run_program({.command = {"/usr/bin/python3", example / "price_list.py", file}, .output = scratch / "output"});
    return read_file(scratch / "output");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(legacy_file)

BOOST_AUTO_TEST_CASE(the_published_file_equals_the_hand_written_one_and_the_one_that_sql_builds)
{
    shop source;
    auto legacy = read_file(example / "catalog.json");
    auto ours = source.published();
    BOOST_TEST(source.are_equal(ours, legacy), ours);
    BOOST_TEST(compact(ours) == compact(legacy));
    BOOST_TEST(source.are_equal(ours, source.built_by_sql()), ours);
}

BOOST_AUTO_TEST_CASE(the_application_reads_the_published_file_unchanged)
{
    shop source;
    auto from_legacy = price_list_of(example / "catalog.json");
    BOOST_TEST(from_legacy.find("CH-100-ASH: 134.50 EUR, none in stock") != std::string::npos, from_legacy);
    BOOST_TEST(price_list_of(source.settle() / "catalog.json") == from_legacy);
    source.exec("UPDATE variants SET stock = 7 WHERE code = 'CH-100-ASH'");
    auto later = price_list_of(source.settle() / "catalog.json");
    BOOST_TEST(later.find("CH-100-ASH: 134.50 EUR, 7 in stock") != std::string::npos, later);
}

BOOST_AUTO_TEST_CASE(changes_of_parents_and_children_show_as_sql_shows_them)
{
    shop source;
    for (const char* change :
         {"UPDATE products SET unit_price = 99.90 WHERE id = 1", "UPDATE variants SET product_id = 2 WHERE id = 11",
          "UPDATE variants SET position = 0 WHERE id = 11",
          "UPDATE variant_prices SET amount = 1.10 WHERE currency = 'CHF'",
          "INSERT INTO variant_prices VALUES (20, 'NOK', 5400.00)", "DELETE FROM reviews WHERE id = 501",
          "UPDATE reviews SET product_id = 2 WHERE id = 504",
          "UPDATE reviews SET written_at = 'infinity' WHERE id = 503", "DELETE FROM product_texts WHERE product_id = 1",
          "UPDATE categories SET slug = 'seats' WHERE id = 1",
          "UPDATE products SET attributes = '{\"a\": {\"b\": [null, 1.50]}}' WHERE id = 7",
          "UPDATE products SET category_id = 3, attributes = NULL WHERE id = 2",
          "INSERT INTO products VALUES (3, 'LP-300', 'Tromsø', 3, 1, false, '{}')",
          "BEGIN; DELETE FROM variant_prices WHERE variant_id = 12; DELETE FROM variants WHERE id = 12; COMMIT",
          "INSERT INTO variants SELECT i, 3, i % 7, 'v' || i, i FROM generate_series(1000, 1500) i",
          "BEGIN; SET CONSTRAINTS ALL DEFERRED; UPDATE variants SET id = id + 5000 WHERE id >= 1000; COMMIT"}) {
        source.exec(change);
        source.check(change);
    }
}

BOOST_AUTO_TEST_SUITE_END()
