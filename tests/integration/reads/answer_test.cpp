#include "integration/reads/reads_kit.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>

namespace understudy::testing {

namespace {

const std::string shop = R"SQL(
CREATE TABLE materials (id int PRIMARY KEY, name text, price numeric, active boolean, made timestamptz, data jsonb);
INSERT INTO materials SELECT i, 'm' || i, i * 1.5, i % 2 = 0, '2026-01-01 00:00:00+00', jsonb_build_object('n', i)
  FROM generate_series(1, 20) i;
INSERT INTO materials VALUES (21, 'comma, "quote"', NULL, NULL, NULL, NULL), (22, '', 0, true, NULL, '[]');
CREATE SCHEMA sales;
CREATE TABLE sales.orders (customer text, number int, note text, PRIMARY KEY (customer, number));
INSERT INTO sales.orders VALUES ('a', 1, 'one'), ('a', 2, 'two'), ('b,c', 1, 'comma'), ('ä/ö', 7, 'slash');
CREATE TABLE log (line text);
ALTER TABLE log REPLICA IDENTITY FULL;
INSERT INTO log VALUES ('x'), ('x'), ('y');
)SQL";

struct shop_mirror : served_mirror {
    shop_mirror() : served_mirror{shop, {"public.materials", "sales.orders", "public.log"}} { start(); }

    /// Columns of CSV as COPY writes them.
    std::string copied(const std::string& query)
    {
        std::string all;
        for (const auto& row : sql().query(query)) all += row.at(0).value_or("") + "\n";
        return all;
    }
};

std::string code_of(const http_reply& reply)
{
    return std::string{served_mirror::object(reply.body).at("code").as_string()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(answers)

// One mirror for all of these: each reads, and those that write say what they change.
BOOST_AUTO_TEST_CASE(a_read_is_answered_as_its_headers_and_its_path_ask)
{
    shop_mirror mirror;

    BOOST_TEST_CONTEXT("a key in the path is one object") {
        auto reply = mirror.get("/materials/3?select=id,name");
        BOOST_TEST(reply.status == 200);
        BOOST_TEST(reply.body == R"({"id":3,"name":"m3"})");
        BOOST_TEST(mirror.get("/materials/999").status == 404);
        BOOST_TEST(mirror.get("/materials/x").status == 400);
        BOOST_TEST(mirror.get("/materials/3,4").status == 400);
    }
    BOOST_TEST_CONTEXT("a key of several columns is separated by commas") {
        BOOST_TEST(mirror.get("/sales.orders/a,2?select=note").body == R"({"note":"two"})");
        BOOST_TEST(mirror.get("/sales.orders/b%2Cc,1?select=note").body == R"({"note":"comma"})");
        BOOST_TEST(mirror.get("/sales.orders/%C3%A4%2F%C3%B6,7?select=note").body == R"({"note":"slash"})");
    }
    BOOST_TEST_CONTEXT("a schema is part of the name, or a profile") {
        BOOST_TEST(mirror.get("/orders").status == 404);
        auto reply = mirror.get("/orders?customer=eq.a&select=number", {{"Accept-Profile", "sales"}});
        BOOST_TEST(reply.body == "[{\"number\":1}, \n {\"number\":2}]");
        BOOST_TEST(mirror.get("/public.materials?id=eq.1&select=id").body == R"([{"id":1}])");
    }
    BOOST_TEST_CONTEXT("equal rows of a table without a key are counted") {
        BOOST_TEST(mirror.get("/log").body == "[{\"line\":\"x\"}, \n {\"line\":\"x\"}, \n {\"line\":\"y\"}]");
        BOOST_TEST(mirror.get("/log/x").status == 400);
    }
    BOOST_TEST_CONTEXT("Content-Range says which rows they are, and of how many if that was asked") {
        http_headers counted{{"Prefer", "count=exact"}};
        BOOST_TEST(mirror.get("/materials?limit=5").header("content-range") == "0-4/*");
        BOOST_TEST(mirror.get("/materials?id=gt.100").header("content-range") == "*/*");
        auto part = mirror.get("/materials?limit=5&offset=2", counted);
        BOOST_TEST(part.status == 206);
        BOOST_TEST(part.header("content-range") == "2-6/22");
        auto whole = mirror.get("/materials?id=lte.3", counted);
        BOOST_TEST(whole.status == 200);
        BOOST_TEST(whole.header("content-range") == "0-2/3");
        BOOST_TEST(mirror.get("/materials?id=gt.100", counted).header("content-range") == "*/0");
        auto beyond = mirror.get("/materials?offset=23", counted);
        BOOST_TEST(beyond.status == 416);
        BOOST_TEST(code_of(beyond) == "PGRST103");
    }
    BOOST_TEST_CONTEXT("a Range header is a limit and an offset") {
        auto reply = mirror.get("/materials?select=id", {{"Range-Unit", "items"}, {"Range", "2-3"}});
        BOOST_TEST(reply.body == "[{\"id\":3}, \n {\"id\":4}]");
        BOOST_TEST(reply.header("content-range") == "2-3/*");
        BOOST_TEST(mirror.get("/materials?select=id", {{"Range", "20-"}}).body == "[{\"id\":21}, \n {\"id\":22}]");
        BOOST_TEST(mirror.get("/materials", {{"Range", "3-2"}}).status == 416);
    }
    BOOST_TEST_CONTEXT("one object is asked for by its media type") {
        http_headers single{{"Accept", "application/vnd.pgrst.object+json"}};
        BOOST_TEST(mirror.get("/materials?id=eq.7&select=id", single).body == R"({"id":7})");
        auto two = mirror.get("/materials?id=lt.3", single);
        BOOST_TEST(two.status == 406);
        BOOST_TEST(code_of(two) == "PGRST116");
        BOOST_TEST(mirror.get("/materials?id=eq.0", single).status == 406);
        BOOST_TEST(mirror.get("/materials", {{"Accept", "application/xml"}}).status == 406);
    }
    BOOST_TEST_CONTEXT("CSV is what COPY writes") {
        auto reply = mirror.get("/materials", {{"Accept", "text/csv"}});
        BOOST_TEST(reply.header("content-type") == "text/csv; charset=utf-8");
        // Each row as COPY quotes it, made by SQL alone.
        auto quoted = [](const std::string& column) {
            return "CASE WHEN " + column + " IS NULL THEN '' WHEN " + column + "::text ~ '[\",\\r\\n]' OR " + column +
                   "::text = '' THEN '\"' || replace(" + column + "::text, '\"', '\"\"') || '\"' ELSE " + column +
                   "::text END";
        };
        auto rows =
            mirror.copied("SELECT " + quoted("id") + " || ',' || " + quoted("name") + " || ',' || " + quoted("price") +
                          " || ',' || CASE active WHEN true THEN 't' WHEN false THEN 'f' ELSE '' END || ',' || " +
                          quoted("made") + " || ',' || " + quoted("data") + " FROM materials ORDER BY id");
        BOOST_TEST(reply.body == "id,name,price,active,made,data\n" + rows);
    }
    BOOST_TEST_CONTEXT("an ETag that is still right is answered with 304") {
        auto first = mirror.get("/materials");
        auto again = mirror.get("/materials", {{"If-None-Match", first.header("etag")}});
        BOOST_TEST(again.status == 304);
        BOOST_TEST(again.body.empty());
        BOOST_TEST(again.header("understudy-generation") == first.header("understudy-generation"));
        BOOST_TEST(mirror.get("/materials", {{"If-None-Match", "\"other\""}}).status == 200);
        auto part = mirror.get("/materials", {{"Range", "0-1"}});
        BOOST_TEST(mirror.get("/materials", {{"Range", "1-2"}, {"If-None-Match", part.header("etag")}}).status != 304);
        BOOST_TEST(mirror.get("/materials", {{"Range", "0-1"}, {"If-None-Match", part.header("etag")}}).status == 304);
        BOOST_TEST(mirror.get("/materials", {{"Accept", "text/csv"}, {"If-None-Match", first.header("etag")}}).status ==
                   200);
    }
    BOOST_TEST_CONTEXT("HEAD is GET without the body") {
        auto whole = mirror.get("/materials");
        auto head = mirror.connect().ask("HEAD", "/materials");
        BOOST_TEST(head.status == 200);
        BOOST_TEST(head.body.empty());
        BOOST_TEST(head.header("content-length") == std::to_string(whole.body.size()));
    }
    BOOST_TEST_CONTEXT("a write is refused by a body that names the only writer") {
        for (std::string method : {"POST", "PATCH", "PUT", "DELETE"}) {
            auto reply = mirror.connect().ask(method, "/materials");
            BOOST_TEST(reply.status == 405);
            BOOST_TEST(reply.header("allow") == "GET, HEAD, OPTIONS");
            BOOST_TEST(reply.body.find("The database is the only writer.") != std::string::npos);
        }
    }
    BOOST_TEST_CONTEXT("what is not supported is named") {
        for (const auto& [query, named] :
             std::vector<std::pair<std::string, std::string>>{{"select=id,orders(*)", "embedding"},
                                                              {"select=id::text", "casts"},
                                                              {"select=price.sum()", "aggregate"},
                                                              {"name=fts.word", "fts"},
                                                              {"data=eq.%7B%7D", "comparing values of data"},
                                                              {"order=data", "ordering by data"}}) {
            auto reply = mirror.get("/materials?" + query);
            BOOST_TEST(reply.status == 400);
            BOOST_TEST(code_of(reply) == "PGRST127", query);
            BOOST_TEST(reply.body.find(named) != std::string::npos, reply.body);
        }
        BOOST_TEST(code_of(mirror.get("/materials?id=eq.x")) == "22P02");
        BOOST_TEST(code_of(mirror.get("/materials?nothing=eq.1")) == "42703");
        BOOST_TEST(code_of(mirror.get("/materials?id=1")) == "PGRST100");
        BOOST_TEST(code_of(mirror.get("/nothing")) == "PGRST205");
        BOOST_TEST(code_of(mirror.get("/materials?name=gt.1&id=like.2")) == "42883");
    }
    BOOST_TEST_CONTEXT("what a reader says of its fallback is counted") {
        for (int time = 0; time < 3; ++time) mirror.get("/materials/1", {{"Understudy-Fallback", "database-down"}});
        mirror.get("/materials/1", {{"Understudy-Fallback", "Bad Reason!"}});
        auto metrics = mirror.get("/metrics").body;
        BOOST_TEST(metrics.find("understudy_fallback_reads_total{reason=\"database-down\"} 3") != std::string::npos);
        BOOST_TEST(metrics.find("understudy_fallback_reads_total{reason=\"other\"} 1") != std::string::npos);
        BOOST_TEST(mirror.get("/status.json").body.find("\"reason\":\"database-down\",\"reads\":3") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_says_of_when_it_is_and_a_bound_on_that_is_kept)
{
    shop_mirror mirror;
    mirror.settle();
    auto proven = [&] { return mirror.get("/fresh?max_age=5").status == 200; };
    BOOST_TEST_REQUIRE(wait_for(proven));
    auto fresh = mirror.get("/materials/1?max_age=5");
    BOOST_TEST(fresh.status == 200);
    BOOST_TEST(std::stoi(fresh.header("age")) <= 5);
    BOOST_TEST(!fresh.header("last-modified").empty());
    BOOST_TEST(fresh.header("cache-status") == "understudy; hit; detail=streaming");
    auto status = mirror.status();
    const auto& served = status.at("served").as_object();
    BOOST_TEST(fresh.header("understudy-generation") == std::to_string(served.at("generation").to_number<int>()));
    BOOST_TEST(fresh.header("understudy-position") == std::string{served.at("position").as_string()});

    mirror.server().stop();
    auto old = [&] { return std::stoi(mirror.get("/materials/1").header("age")) >= 2; };
    BOOST_TEST_REQUIRE(wait_for(old));
    auto refused = mirror.get("/materials/1?max_age=1");
    BOOST_TEST(refused.status == 503);
    BOOST_TEST(!refused.header("retry-after").empty());
    BOOST_TEST(code_of(refused) == "UNDERSTUDY_TOO_OLD");
    BOOST_TEST(mirror.get("/materials/1", {{"Prefer", "max-stale=1"}}).status == 503);
    BOOST_TEST(mirror.get("/materials/1", {{"Prefer", "max-stale=3600"}}).status == 200);
    // Whatever else is said, the strictest bound counts; and one that cannot be read is no permission.
    for (const auto& prefer : {"max-stale=0.5", "max-stale=\"0\"", "Max-Stale = 0", "max-stale=0;x=1",
                               "count=exact, max-stale=0", "max-stale=0, max-stale=3600"})
        BOOST_TEST(mirror.get("/materials/1", {{"Prefer", prefer}}).status == 503, prefer);
    BOOST_TEST(mirror.get("/materials/1", {{"Prefer", "count=exact"}, {"Prefer", "max-stale=0"}}).status == 503);
    BOOST_TEST(mirror.get("/materials/1?max_age=0", {{"Prefer", "max-stale=3600"}}).status == 503);
    for (const auto& prefer : {"max-stale=abc", "max-stale", "max-stale=-1", "max-stale=0, max-stale=x"})
        BOOST_TEST(mirror.get("/materials/1", {{"Prefer", prefer}}).status == 400, prefer);
    BOOST_TEST(mirror.get("/fresh?max_age=1").status == 503);
    BOOST_TEST(mirror.get("/fresh?max_age=1h").status == 200);
    BOOST_TEST(mirror.get("/fresh?max_age=soon").status == 400);
    BOOST_TEST(mirror.get("/livez").status == 200);
    BOOST_TEST(mirror.get("/readyz").status == 200);
    BOOST_TEST(mirror.get("/").body.find("<!doctype html>") == 0u);
}

BOOST_AUTO_TEST_CASE(ready_says_whether_a_usable_generation_is_announced)
{
    served_mirror mirror{shop, {"public.materials"}};
    BOOST_TEST(mirror.sidecar().run("ready") == 1);
    mirror.start();
    mirror.settle();
    sidecar_process& daemon = mirror.sidecar();
    BOOST_TEST_REQUIRE(wait_for([&] { return mirror.get("/fresh?max_age=5").status == 200; }));
    daemon.signal(SIGTERM);
    BOOST_TEST_REQUIRE(daemon.wait(std::chrono::seconds{10}).has_value());
    BOOST_TEST(daemon.run("ready") == 0);
    BOOST_TEST(daemon.run("ready", {"--max-age", "1h"}) == 0);
    BOOST_TEST(daemon.run("ready", {"--max-age", "0ms"}) == 1);
    BOOST_TEST(daemon.run("ready", {"--max-age", "soon"}) == 2);
}

BOOST_AUTO_TEST_CASE(status_for_programs_holds_what_status_json_says)
{
    served_mirror mirror{shop, {"public.materials"}};
    auto status = [&] {
        auto before = mirror.sidecar().log().size();
        mirror.sidecar().run("status", {"--json"});
        return served_mirror::object(mirror.sidecar().log().substr(before));
    };
    auto none = status();
    BOOST_TEST(none.at("usable") == false);
    BOOST_TEST(none.at("status").is_null());
    BOOST_TEST(!none.at("text").as_string().empty());
    mirror.start();
    mirror.settle();
    mirror.sidecar().signal(SIGTERM);
    BOOST_TEST_REQUIRE(mirror.sidecar().wait(std::chrono::seconds{10}).has_value());
    auto stopped = status();
    auto file = served_mirror::object(read_file(mirror.sidecar().snapshot_directory() / "status.json"));
    BOOST_TEST(stopped.at("usable") == true);
    BOOST_TEST(stopped.at("running") == false);
    BOOST_TEST((stopped.at("status") == file));
    BOOST_TEST(file.at("state") == "stopped");
}

BOOST_AUTO_TEST_CASE(documents_of_another_shape_do_not_change_what_is_read)
{
    served_mirror mirror{shop,
                         {"public.materials"},
                         "documents:\n  - file: shaped.json\n    header: false\n    tables:\n"
                         "      - {table: public.materials, keyed_by: id, columns: [id, {name: title}]}\n"};
    mirror.start();
    mirror.settle();
    BOOST_TEST(mirror.get("/materials?id=eq.2&select=id,name,price").body == R"([{"id":2,"name":"m2","price":3.0}])");
    mirror.sql().exec("UPDATE materials SET name = 'changed' WHERE id = 2");
    mirror.settle();
    BOOST_TEST(mirror.get("/materials/2?select=name").body == R"({"name":"changed"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
