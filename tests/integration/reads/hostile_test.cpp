#include "integration/reads/loopback_mirror.hpp"

#include "support/printing.hpp"
#include "support/waiting.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

#include <sys/resource.h>

// Requests of those who wish us ill. Each is refused or cut off, and afterwards everybody else is served as before.

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;

constexpr auto answered_soon = 5s;  // milliseconds, on a machine that has nothing else to do
// Answers under way, and those of eight reads that are being made, twice while their text grows.
[[maybe_unused]] constexpr std::uint64_t memory_growth_max = std::uint64_t{256} << 20;

const std::string schema = R"SQL(
CREATE TABLE words (id int PRIMARY KEY, t text NOT NULL, jb jsonb NOT NULL);
INSERT INTO words SELECT i, 'word ' || i, jsonb_build_object('n', i, 'list', '[1,2]'::jsonb) FROM generate_series(1, 2000) i;
CREATE TABLE bulk (id int PRIMARY KEY, filler text NOT NULL);
CREATE TABLE long (id int PRIMARY KEY, t text NOT NULL);
INSERT INTO long SELECT i, repeat('x', 300000) FROM generate_series(1, 10) i;
INSERT INTO bulk SELECT i, repeat('x', 1000) FROM generate_series(1, 6000) i;
)SQL";

/// One for all cases; each leaves it as it was.
std::unique_ptr<loopback_mirror> mirror;
std::uint64_t memory_before = 0;

struct served {
    served()
    {
        mirror = std::make_unique<loopback_mirror>(
            schema, std::vector<std::string>{"public.words", "public.bulk", "public.long"},
            "  timeout: 300ms\n  max_connections: 64\n");
        mirror->start();
        mirror->settle();
        mirror->get("/bulk");
        memory_before = mirror->sidecar().memory().anonymous_bytes;
    }
    ~served() { mirror.reset(); }
};

std::string request(const std::string& target, const std::string& headers = {})
{
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

/// Nobody else has noticed anything.
void expect_well()
{
    auto started = std::chrono::steady_clock::now();
    auto read = mirror->get("/words?id=eq.7&select=t");
    BOOST_TEST(read.status == 200);
    BOOST_TEST(read.body == "[{\"t\":\"word 7\"}]");
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    BOOST_TEST_MESSAGE("somebody else's read took " << took.count() << " ms");
    BOOST_TEST((took < answered_soon));
    mirror->settle();
#ifndef UNDERSTUDY_SANITIZED
    auto memory = mirror->sidecar().memory().anonymous_bytes;
    BOOST_TEST(memory < memory_before + memory_growth_max);
#endif
}

/// The status of the answer to these bytes, after which the connection has to end; 0: it ended without an answer, -1: it
/// stayed open.
int refusal_of(const std::string& bytes)
{
    auto client = mirror->connect();
    client.send(bytes);
    auto reply = client.read_reply();
    if (!client.is_closed_within(5s)) return -1;
    return reply ? reply->status : 0;
}

bool is_utf8_json(const std::string& body)
{
    boost::json::error_code ec;
    boost::json::parse(body, ec);  // refuses what is not UTF-8
    return !ec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile, *boost::unit_test::fixture<served>())

BOOST_AUTO_TEST_CASE(a_request_whose_end_is_ambiguous_is_refused_and_nothing_behind_it_is_read)
{
    const std::string smuggled = "GET /words?id=eq.1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const std::vector<std::string> heads{
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 5\r\n",
        " Content-Length: 5\r\n",
        "Content Length: 5\r\n",
        ": nameless\r\n",
        "no colon\r\n",
    };
    for (const auto& head : heads) {
        BOOST_TEST_CONTEXT(head) {
            auto client = mirror->connect();
            client.send("GET /words?id=eq.2 HTTP/1.1\r\nHost: localhost\r\n" + head + "\r\n" + smuggled);
            auto all = client.read_to_end();
            BOOST_TEST_REQUIRE(all.has_value());
            BOOST_TEST(all->find(" 200 ") == all->npos);
            BOOST_TEST(all->starts_with("HTTP/1.1 4"));
            BOOST_TEST(all->find("word 1") == all->npos);
        }
    }
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_bad_line_end_chunk_or_version_is_refused)
{
    const std::vector<std::string> bad{
        "GET /words HTTP/1.1\nHost: localhost\n\n",
        "GET /words HTTP/1.1\r\nHost: localhost\r\nA: b\n\r\n",
        "GET /words HTTP/1.1\rHost: localhost\r\r",
        "GET /words\r\n",
        "GET /words HTTP/2.0\r\nHost: localhost\r\n\r\n",
        "GET /words HTTP/1.11\r\nHost: localhost\r\n\r\n",
        "GET  /words HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET\t/words HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /words bar HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "G@T /words HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /words HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
        "POST /words HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /words HTTP/1.1\r\nHost: localhost\r\nA: \x01\x02\r\n\r\n",
    };
    for (const auto& bytes : bad)
        BOOST_TEST_CONTEXT(bytes) {
            auto status = refusal_of(bytes);
            BOOST_TEST((status >= 400 && status < 500));
        }
    expect_well();
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_http_are_refused_or_cut_off)
{
    constexpr char tls_hello_bytes[] = "\x16\x03\x01\x00\xA5\x01\x00\x00\xA1\x03\x03 hello of a client that wants TLS";
    const std::string tls_hello{tls_hello_bytes, sizeof tls_hello_bytes - 1};
    std::string garbage;
    for (unsigned at = 0; at < 4000; ++at) garbage.push_back(static_cast<char>(at * 2654435761u >> 13));
    for (const auto& bytes : {tls_hello, garbage, std::string(10, '\0'), std::string{"\r\n\r\n\r\n\r\n\r\n\r\n"}})
        BOOST_TEST(refusal_of(bytes) != -1);
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_head_without_end_is_refused)
{
    std::string many = "GET /words HTTP/1.1\r\nHost: localhost\r\n";
    for (int at = 0; at < 20'000; ++at) many += "X-" + std::to_string(at) + ": y\r\n";
    BOOST_TEST(refusal_of(many) == 431);
    BOOST_TEST(refusal_of("GET /words HTTP/1.1\r\nA: " + std::string(1 << 20, 'x')) == 431);
    BOOST_TEST(refusal_of("GET /" + std::string(1 << 20, 'x')) == 431);
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_head_or_body_that_comes_byte_by_byte_is_cut_off_in_time)
{
    const std::string head = request("/words", "X-Long: " + std::string(2000, 'x') + "\r\n");
    const std::string body = "POST /words HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n";
    for (const auto& [at_once, slowly] : {std::pair{std::string{}, head}, std::pair{body, std::string(5000, 'x')}}) {
        auto client = mirror->connect();
        client.send(at_once);
        auto started = std::chrono::steady_clock::now();
        bool closed = false;
        for (std::size_t at = 0; at < slowly.size() && !closed; ++at)
            closed = !client.send(slowly.substr(at, 1)) || client.is_closed_within(20ms);
        BOOST_TEST(closed);
        BOOST_TEST((std::chrono::steady_clock::now() - started < 5s));
    }
    expect_well();
}

BOOST_AUTO_TEST_CASE(who_takes_a_large_answer_slowly_is_cut_off_and_holds_up_nobody)
{
    std::vector<raw_socket> slow;
    for (int at = 0; at < 20; ++at) {
        slow.push_back(mirror->connect());
        slow.back().send(request("/bulk", "Connection: close\r\n"));
    }
    expect_well();
    auto started = std::chrono::steady_clock::now();
    for (auto& client : slow) {
        auto gone = [&] {
            client.take_some(64);
            return !client.send("x", 0ms);
        };
        BOOST_TEST(wait_for(gone, 20s));
    }
    BOOST_TEST((std::chrono::steady_clock::now() - started < 20s));
    slow.clear();
    expect_well();
}

BOOST_AUTO_TEST_CASE(many_large_answers_at_once_stay_within_bounds)
{
    std::vector<raw_socket> clients;
    for (int at = 0; at < 60; ++at) clients.push_back(mirror->connect());
    for (auto& client : clients) client.send(request("/bulk?order=filler.desc,id.desc"));
    expect_well();
    clients.clear();
    expect_well();
}

BOOST_AUTO_TEST_CASE(encodings_that_stand_for_nothing_are_refused_in_valid_json)
{
    const std::vector<std::string> bad{
        "/words?t=eq.%",
        "/words?t=eq.%4",
        "/words?t=eq.%zz",
        "/words?t=eq.%C0%AF",
        "/words?t=eq.%FF",
        "/words?t=eq.%ED%A0%80",
        "/words?t=eq.a%00b",
        "/words?%00=eq.a",
        "/words%00",
        "/%FF",
        "/words?t=eq.\xff\xfe",
        "/\xc3",
        "/words?t=eq.%F5%80%80%80",
        "/words?id=eq." + std::string(99, 'x') + "%C3%A4",
        "/words/%ff",
        "/words?select=%FF",
        "/words?" + std::string(99, 'x') + "\xc3\xa4=eq.%",
    };
    for (const auto& target : bad)
        BOOST_TEST_CONTEXT(target) {
            auto reply = mirror->get(target);
            BOOST_TEST((reply.status == 400 || reply.status == 404));
            BOOST_TEST(is_utf8_json(reply.body));
        }
    auto reply = mirror->get("/words", "Accept: a\xff/b\r\n");
    BOOST_TEST(reply.status == 406);
    BOOST_TEST(is_utf8_json(reply.body));
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_path_leads_to_tables_only)
{
    for (const std::string target : {"/../words",
                                     "/..",
                                     "/.",
                                     "//words",
                                     "//",
                                     "/words/",
                                     "/words//1",
                                     "/words/1/extra",
                                     "/%2e%2e%2fwords",
                                     "/%2Fwords",
                                     "/words%2F1",
                                     "/words/../words",
                                     "/etc/passwd",
                                     "/current/manifest.json",
                                     "/snapshot.json",
                                     "/generations",
                                     "/pg_catalog.pg_authid",
                                     "/readyz/x",
                                     "/words/1%2F2",
                                     "/%77ords%20"})
        BOOST_TEST_CONTEXT(target) {
            auto reply = mirror->get(target);
            BOOST_TEST((reply.status == 404 || reply.status == 400));
            BOOST_TEST(reply.body.find("word") == reply.body.find("words"));
        }
    BOOST_TEST(mirror->get("words").status == 400);
    BOOST_TEST(mirror->get("/%77ords/7").status == 200);
    expect_well();
}

BOOST_AUTO_TEST_CASE(queries_beyond_every_measure_are_refused_at_once)
{
    auto repeated = [](const std::string& text, int count) {
        std::string made;
        for (int at = 0; at < count; ++at) made += text;
        return made;
    };
    const std::vector<std::string> queries{
        "or=" + repeated("(and(", 6000),
        "and=(" + repeated("not.and(", 6000),
        "id=in.(" + repeated("1,", 20'000) + "1)",
        repeated("a=eq.1&", 9000),
        repeated("id=eq.1&", 8000),
        "or=(" + repeated("id.eq.1,", 7000) + "id.eq.1)",
        "select=" + repeated("*,", 30'000) + "*",
        "select=jb->" + std::string(60'000, 'a'),
        "select=jb" + repeated("->a", 15'000),
        "select=jb->" + repeated("a-", 30'000) + ":",
        "order=" + repeated("id,", 20'000) + "id",
        "limit=" + std::string(60'000, '9'),
        "offset=-1",
        "id=eq.1e" + std::string(50'000, '9'),
        "select=" + repeated("a:", 30'000) + "id",
    };
    for (const auto& query : queries)
        BOOST_TEST_CONTEXT(query.substr(0, 40) << "... " << query.size()) {
            auto started = std::chrono::steady_clock::now();
            auto reply = mirror->get("/words?" + query);
            BOOST_TEST((reply.status == 400 || reply.status == 431));
            BOOST_TEST((std::chrono::steady_clock::now() - started < 3s));
            BOOST_TEST(reply.body.size() < 200'000);
        }
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_pattern_that_takes_for_ever_holds_up_nobody)
{
    std::vector<raw_socket> clients;
    for (const auto& pattern : {"%25" + std::string(50'000, '_') + "y", "%25" + std::string(50'000, 'x') + "y"}) {
        clients.push_back(mirror->connect());
        clients.back().send(request("/long?select=id&t=like." + pattern));
        clients.push_back(mirror->connect());
        clients.back().send(request("/long?select=id&t=ilike." + pattern));
    }
    expect_well();
    for (auto& client : clients) {
        auto reply = client.read_reply();
        BOOST_TEST_REQUIRE(reply.has_value());
        BOOST_TEST_MESSAGE(reply->status << " " << reply->body);
    }
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_write_is_told_that_the_database_is_the_only_writer_however_long_it_is)
{
    for (const std::string method : {"POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"})
        BOOST_TEST_CONTEXT(method) {
            auto client = mirror->connect();
            client.send(method + " /words HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
            auto reply = client.read_reply();
            BOOST_TEST_REQUIRE(reply.has_value());
            BOOST_TEST(reply->status == 405);
            BOOST_TEST(reply->header("allow") == "GET, HEAD, OPTIONS");
            BOOST_TEST(reply->body.find("only writer") != std::string::npos);
        }
    auto client = mirror->connect_tcp();
    client.send("POST /words HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" +
                std::string(300'000, 'x'));
    auto reply = client.read_reply();
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 405);
    BOOST_TEST(client.is_closed_within(5s));
    expect_well();
}

BOOST_AUTO_TEST_CASE(who_waits_to_be_told_to_send_a_body_is_answered_without_it)
{
    auto client = mirror->connect_tcp();
    client.send("POST /words HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 50\r\n\r\n");
    auto reply = client.read_reply(200ms);
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 405);
    expect_well();
}

BOOST_AUTO_TEST_CASE(requests_sent_together_are_answered_in_their_order)
{
    auto client = mirror->connect();
    std::string all;
    for (int id = 1; id <= 200; ++id)
        all += request(id % 10 == 0 ? "/bulk?select=id&id=lte." + std::to_string(id)
                                    : "/words?select=id&id=eq." + std::to_string(id));
    client.send(all);
    for (int id = 1; id <= 200; ++id) {
        auto reply = client.read_reply();
        BOOST_TEST_REQUIRE(reply.has_value());
        BOOST_TEST(reply->body.find("{\"id\":" + std::to_string(id) + "}]") != std::string::npos);
    }
    expect_well();
}

BOOST_AUTO_TEST_CASE(old_clients_and_head_are_answered_as_http_has_it)
{
    auto kept = mirror->connect();
    kept.send("GET /words?id=eq.1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    auto reply = kept.read_reply();
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 200);
    BOOST_TEST(reply->header("connection") == "keep-alive");
    kept.send("GET /words?id=eq.1 HTTP/1.0\r\n\r\n");
    BOOST_TEST(kept.read_reply()->status == 200);
    BOOST_TEST(kept.is_closed_within(5s));

    auto client = mirror->connect();
    client.send("HEAD /words HTTP/1.1\r\nHost: localhost\r\nPrefer: count=exact\r\n\r\n");
    auto head = client.read_reply(5s, false);
    BOOST_TEST_REQUIRE(head.has_value());
    BOOST_TEST(head->header("content-range") == "0-1999/2000");
    client.send(request("/words", "Prefer: count=exact\r\n"));
    auto whole = client.read_reply();
    BOOST_TEST_REQUIRE(whole.has_value());
    BOOST_TEST(head->header("content-length") == std::to_string(whole->body.size()));

    client.send(request("/words", "If-None-Match: " + whole->header("etag") + "\r\nPrefer: count=exact\r\n"));
    auto same = client.read_reply();
    BOOST_TEST_REQUIRE(same.has_value());
    BOOST_TEST(same->status == 304);
    BOOST_TEST(!same->headers.contains("content-length"));
    BOOST_TEST(same->header("vary") == whole->header("vary"));
    client.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
    auto options = client.read_reply();
    BOOST_TEST_REQUIRE(options.has_value());
    BOOST_TEST(options->status == 204);
    BOOST_TEST(!options->headers.contains("content-length"));
    expect_well();
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_closed_on_one_side_gets_its_answer)
{
    auto client = mirror->connect_tcp();
    client.send(request("/words?id=eq.3"));
    client.finish_sending();
    auto reply = client.read_reply();
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 200);
    BOOST_TEST(client.is_closed_within(5s));
    auto cut = mirror->connect_tcp();
    cut.send("GET /words HTTP/1.1\r\nHo");
    cut.finish_sending();
    BOOST_TEST(cut.is_closed_within(5s));
    expect_well();
}

BOOST_AUTO_TEST_CASE(on_a_loopback_port_only_our_own_names_are_answered)
{
    auto status_for = [](const std::string& headers, const std::string& target = "/words?id=eq.1") {
        auto client = mirror->connect_tcp();
        client.send("GET " + target + " HTTP/1.1\r\n" + headers + "\r\n");
        auto reply = client.read_reply();
        return reply ? reply->status : 0;
    };
    for (const std::string host :
         {"localhost", "LocalHost:80", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:1", "app.localhost"})
        BOOST_TEST(status_for("Host: " + host + "\r\n") == 200, host);
    for (const std::string host :
         {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "xlocalhost", "[::1].example"})
        BOOST_TEST(status_for("Host: " + host + "\r\n") == 421, host);
    BOOST_TEST(status_for("") == 400);
    BOOST_TEST(status_for("Host: localhost\r\nHost: evil.example\r\n") == 400);
    BOOST_TEST(status_for("Host: localhost\r\n", "http://evil.example/words?id=eq.1") != 200);
    expect_well();
}

BOOST_AUTO_TEST_CASE(ten_thousand_connections_leave_room_for_a_reader)
{
    rlimit allowed{};
    ::getrlimit(RLIMIT_NOFILE, &allowed);
    allowed.rlim_cur = allowed.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &allowed);
    auto count = std::min<rlim_t>(10'000, allowed.rlim_cur - 200);
    std::vector<raw_socket> idle;
    for (rlim_t at = 0; at < count; ++at) {
        idle.push_back(mirror->connect_tcp());
        if (at % 3 == 1) idle.back().send("GET /wor");
        if (at % 3 == 2) idle.back().send(request("/words?id=eq.1"));
        if (at % 1000 == 999) BOOST_TEST(mirror->get("/words?id=eq.7&select=t").body == "[{\"t\":\"word 7\"}]");
    }
    BOOST_TEST_MESSAGE(count << " connections");
    expect_well();
    idle.clear();
    expect_well();
}

BOOST_AUTO_TEST_CASE(those_who_never_finish_their_request_do_not_keep_others_out)
{
    std::vector<raw_socket> stalled;
    for (int at = 0; at < 64; ++at) {
        stalled.push_back(mirror->connect());
        stalled.back().send("GET /words HTTP/1.1\r\n");
    }
    auto reply = mirror->get("/words?id=eq.7&select=t");
    BOOST_TEST(reply.status == 200);
    stalled.clear();
    expect_well();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
