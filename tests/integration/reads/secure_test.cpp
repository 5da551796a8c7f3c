#include "integration/reads/loopback_mirror.hpp"

#include "support/certificate.hpp"
#include "support/child_process.hpp"
#include "support/printing.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

// TLS on the TCP addresses, and the bearer token.

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const std::string schema = "CREATE TABLE words (id int PRIMARY KEY, t text); INSERT INTO words VALUES (1, 'one');";
const std::string token = "a-token-of-thirty-two-characters";

std::string lines_for(const fs::path& chain, const fs::path& key)
{
    return "  certificate: " + chain.string() + "\n  private_key: " + key.string() + "\n  timeout: 500ms\n";
}

/// What comes back over TLS from a server whose certificate is `trusted`.
std::string over_tls(const loopback_mirror& mirror, const fs::path& trusted, const std::string& request)
{
    auto said = mirror.home() / "said";
    auto heard = mirror.home() / "heard";
    fs::remove(heard);
    write_file(said, request);
    const std::string script = "openssl s_client -quiet -verify_quiet -verify_return_error -verify_hostname localhost "
                               "-connect 127.0.0.1:" +
                               std::to_string(mirror.port()) + " -CAfile " + trusted.string() + " <" + said.string() +
                               " || true";
    run_program({.command = {"/bin/sh", "-c", script}, .output = heard, .run_as = {}, .environment = {}}, 30s);
    return read_file(heard);
}

/// Why the daemon does not start with these lines in its section.
std::string refusal_of(const std::string& lines)
{
    loopback_mirror mirror{schema, {"public.words"}, lines};
    auto status = mirror.sidecar().run("run", {}, 30s);
    BOOST_TEST(status != 0);
    return mirror.sidecar().log();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secure)

BOOST_AUTO_TEST_CASE(a_port_under_tls_answers_those_who_speak_it_and_a_socket_needs_none)
{
    temp_directory files;
    certificate ours{files.path()};
    certificate foreign{files.path(), "foreign"};
    loopback_mirror mirror{schema, {"public.words"}, lines_for(ours.chain, ours.key)};
    mirror.start();
    const std::string request = "GET /words HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    auto reply = over_tls(mirror, ours.chain, request);
    BOOST_TEST(reply.find("HTTP/1.1 200") != reply.npos);
    BOOST_TEST(reply.find(R"([{"id":1,"t":"one"}])") != reply.npos);
    BOOST_TEST(over_tls(mirror, foreign.chain, request).find("HTTP/1.1") == std::string::npos);
    auto refused =
        over_tls(mirror, ours.chain, "GET /words HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    BOOST_TEST(refused.find("HTTP/1.1 421") != refused.npos);
    auto written =
        over_tls(mirror, ours.chain, "POST /words HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{}");
    BOOST_TEST(written.find("HTTP/1.1 405") != written.npos);
    BOOST_TEST(mirror.get("/words").status == 200);

    auto plain = mirror.connect_tcp();
    plain.send(request);
    auto answer = plain.read_to_end();
    BOOST_TEST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->find("HTTP/1.1") == answer->npos);
    auto silent = mirror.connect_tcp();
    BOOST_TEST(silent.is_closed_within(5s));
    BOOST_TEST(over_tls(mirror, ours.chain, request).find("HTTP/1.1 200") != std::string::npos);
    mirror.settle();
}

BOOST_AUTO_TEST_CASE(a_certificate_or_key_that_cannot_be_used_is_named_at_start)
{
    temp_directory files;
    certificate ours{files.path()};
    certificate other{files.path(), "other"};
    certificate locked{files.path(), "locked", "secret"};
    auto empty = files / "empty";
    write_file(empty, "");
    for (const auto& [chain, key, named] :
         std::vector<std::tuple<fs::path, fs::path, std::string>>{{files / "nothing", ours.key, "serve.certificate"},
                                                                  {empty, ours.key, "serve.certificate"},
                                                                  {ours.key, ours.key, "serve.certificate"},
                                                                  {ours.chain, files / "nothing", "serve.private_key"},
                                                                  {ours.chain, empty, "serve.private_key"},
                                                                  {ours.chain, other.key, "serve.private_key"},
                                                                  {locked.chain, locked.key, "serve.private_key"}})
        BOOST_TEST_CONTEXT(chain << " " << key) {
            auto log = refusal_of(lines_for(chain, key));
            BOOST_TEST(log.find(named) != log.npos);
            BOOST_TEST_MESSAGE(log.substr(log.find(named), 200));
        }
}

BOOST_AUTO_TEST_CASE(only_who_has_the_token_reads_and_probes_need_none)
{
    temp_directory files;
    auto file = files / "token";
    write_file(file, token + "\n");
    fs::permissions(file, fs::perms::owner_read);
    loopback_mirror mirror{schema, {"public.words"}, "  token_file: " + file.string() + "\n"};
    mirror.start();
    const std::string right = "Authorization: Bearer " + token + "\r\n";
    for (const std::string path : {"/livez", "/readyz"}) BOOST_TEST(mirror.get(path).status == 200);
    const std::vector<std::string> wrong{"Authorization: Bearer wrong\r\n",
                                         "Authorization: Bearer\r\n",
                                         "Authorization: Bearer \r\n",
                                         "Authorization: Basic YTpi\r\n",
                                         "Authorization: " + token + "\r\n",
                                         "Authorization: Bearer " + token + "x\r\n",
                                         "Authorization: Bearer x" + token.substr(1) + "\r\n"};
    for (const std::string path : {"/words", "/words/1", "/status.json", "/fresh", "/metrics", "/nothing", "/"}) {
        BOOST_TEST(mirror.get(path).status == 401, path);
        for (const auto& header : wrong) BOOST_TEST(mirror.get(path, header).status == 401, path << " " << header);
    }
    auto refused = mirror.get("/words");
    BOOST_TEST(refused.header("www-authenticate") == "Bearer");
    BOOST_TEST(refused.body.find("\"one\"") == std::string::npos);
    BOOST_TEST(mirror.get("/words", right).status == 200);
    BOOST_TEST(mirror.get("/words", "Authorization: bearer " + token + "\r\n").status == 200);
    auto status = mirror.get("/status.json", right);
    BOOST_TEST(status.status == 200);
    BOOST_TEST(status.body.find(token) == std::string::npos);
    BOOST_TEST(mirror.get("/words?t=eq.x", right + "Accept: text/html\r\n").body.find(token) == std::string::npos);
    BOOST_TEST(mirror.sidecar().log().find(token) == std::string::npos);
    for (const auto& entry : fs::recursive_directory_iterator{mirror.sidecar().snapshot_directory()})
        if (entry.is_regular_file()) BOOST_TEST(read_file(entry.path()).find(token) == std::string::npos, entry.path());
}

BOOST_AUTO_TEST_CASE(an_empty_token_file_opens_nothing)
{
    temp_directory files;
    auto file = files / "token";
    for (const std::string text : {"", "\n", "two\nlines\n"}) {
        fs::remove(file);
        write_file(file, text);
        fs::permissions(file, fs::perms::owner_read);
        auto log = refusal_of("  token_file: " + file.string() + "\n");
        BOOST_TEST(log.find("serve.token_file") != log.npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
