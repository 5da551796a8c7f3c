#include "app/control_client.hpp"
#include "app/control_server.hpp"

#include "support/files.hpp"
#include "support/printing.hpp"
#include "support/waiting.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace understudy;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// A server in a thread of its own that says what it was asked.
class echo_server {
public:
    explicit echo_server(const std::filesystem::path& directory)
        : server_{loop_.get_executor(),
                  [this](json::object request, control_client& client) { return answer(std::move(request), client); },
                  [this] { ++left; }},
          listening{server_.listen(directory)},
          thread_{[this] { loop_.run(); }}
    {
    }

    ~echo_server()
    {
        asio::post(loop_, [this] { server_.close(); });
        thread_.join();
    }

private:
    asio::awaitable<json::object> answer(json::object request, control_client& client)
    {
        ++asked;
        auto what = request.contains("do") ? std::string{request.at("do").as_string()} : std::string{};
        if (what == "hold") client.holds = true;
        if (what == "release") client.holds = false;
        if (what == "refuse")
            co_return json::object{{"ok", false}, {"reason", "table_locked"}, {"text", "somebody holds it"}};
        co_return json::object{{"ok", true}, {"asked", request}};
    }

    asio::io_context loop_{1};
    control_server server_;

public:
    std::atomic<int> asked = 0;
    std::atomic<int> left = 0;
    outcome<void> listening;

private:
    std::thread thread_;
};

/// A client that sends any bytes.
class raw_client {
public:
    explicit raw_client(const std::filesystem::path& directory, const std::function<void()>& before_connecting = [] {})
    {
        int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        auto endpoint = control_endpoint(folder);
        before_connecting();
        if (::connect(socket_, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
            throw std::runtime_error{"cannot connect"};
        ::close(folder);
        wait_for_answers(10s);
    }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;
    ~raw_client() { ::close(socket_); }

    void wait_for_answers(std::chrono::microseconds patience)
    {
        timeval time{patience / 1s, (patience % 1s).count()};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    }

    void send(std::string_view bytes) { BOOST_TEST(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0); }

    /// The next line, or what came before the end of the connection.
    std::string line()
    {
        std::string got;
        char next = 0;
        while (::recv(socket_, &next, 1, 0) == 1 && next != '\n') got.push_back(next);
        return got;
    }

private:
    int socket_ = -1;
};

const json::object publish{{"do", "publish"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(control_socket)

// UndefinedBehaviorSanitizer looks at memory through a pipe, and takes a program without descriptors for a broken one.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define UNDERSTUDY_NEEDS_DESCRIPTORS
#endif
#endif

#ifndef UNDERSTUDY_NEEDS_DESCRIPTORS
BOOST_AUTO_TEST_CASE(without_descriptors_the_server_pauses_and_then_goes_on)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    rlimit whole{};
    ::getrlimit(RLIMIT_NOFILE, &whole);
    auto none = whole;
    none.rlim_cur = 0;
    raw_client client{directory.path(), [&] { ::setrlimit(RLIMIT_NOFILE, &none); }};
    auto before = std::clock();
    client.wait_for_answers(400ms);
    BOOST_TEST(client.line() == "");
    auto used = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    ::setrlimit(RLIMIT_NOFILE, &whole);
    BOOST_TEST(used < 0.2);
    client.wait_for_answers(10s);
    client.send("{\"do\":\"publish\"}\n");
    BOOST_TEST(client.line().find("\"ok\":true") != std::string::npos);
}
#endif

BOOST_AUTO_TEST_CASE(a_request_is_answered)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    BOOST_TEST(server.listening.has_value());
    auto daemon = daemon_connection::open(directory.path());
    BOOST_TEST_REQUIRE(daemon.has_value());
    for (int i = 0; i < 3; ++i) {
        auto answer = daemon->ask(publish, 10s);
        BOOST_TEST_REQUIRE(answer.has_value());
        BOOST_TEST((answer->at("asked").as_object() == publish));
    }
    BOOST_TEST(server.asked == 3);
}

BOOST_AUTO_TEST_CASE(a_refusal_comes_as_the_failure_that_it_names)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    auto answer = daemon_connection::open(directory.path())->ask({{"do", "refuse"}}, 10s);
    BOOST_TEST_REQUIRE(answer.has_error());
    BOOST_TEST(answer.error().code == errc::table_locked);
    BOOST_TEST(answer.error().text == "somebody holds it");
}

BOOST_AUTO_TEST_CASE(only_our_own_user_reaches_the_socket)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    struct stat found{};
    BOOST_TEST(::stat((directory / "control.sock").c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(the_socket_of_a_killed_daemon_is_replaced)
{
    testing::temp_directory directory;
    testing::write_file(directory / "control.sock", "left behind");
    echo_server server{directory.path()};
    BOOST_TEST(server.listening.has_value());
    BOOST_TEST(daemon_connection::open(directory.path())->ask(publish, 10s).has_value());
}

BOOST_AUTO_TEST_CASE(a_state_directory_with_a_long_path_has_a_socket_too)
{
    testing::temp_directory directory;
    auto deep = directory.path() / std::string(100, 'd') / std::string(100, 'e');
    std::filesystem::create_directories(deep);
    echo_server server{deep};
    BOOST_TEST(server.listening.has_value());
    BOOST_TEST(daemon_connection::open(deep)->ask(publish, 10s).has_value());
}

BOOST_AUTO_TEST_CASE(without_a_daemon_the_reason_is_no_daemon)
{
    testing::temp_directory directory;
    BOOST_TEST(daemon_connection::open(directory.path()).error().code == errc::no_daemon);
    BOOST_TEST(daemon_connection::open(directory / "nowhere").error().code == errc::no_daemon);
    {
        echo_server ended{directory.path()};
    }
    BOOST_TEST(daemon_connection::open(directory.path()).error().code == errc::no_daemon);
}

BOOST_AUTO_TEST_CASE(what_is_not_one_json_object_on_a_line_is_refused_and_the_next_request_answered)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    raw_client client{directory.path()};
    for (auto bytes : {"nonsense\n", "[]\n", "\n", "{\"do\":\n", "{} {}\n"}) {
        client.send(bytes);
        auto answer = json::parse(client.line());
        BOOST_TEST_CONTEXT(bytes) {
            BOOST_TEST(!answer.at("ok").as_bool());
            BOOST_TEST(answer.at("reason").as_string() == "usage");
        }
    }
    client.send("{\"do\":\"publish\"}\n");
    BOOST_TEST(json::parse(client.line()).at("ok").as_bool());
    BOOST_TEST(server.asked == 1);
}

BOOST_AUTO_TEST_CASE(requests_in_pieces_and_together_are_each_answered)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    raw_client client{directory.path()};
    for (char byte : std::string_view{"{\"do\":\"a\"}"}) client.send({&byte, 1});
    client.send("\n{\"do\":\"b\"}\n{\"do\":\"c\"}\n");
    for (auto what : {"a", "b", "c"}) BOOST_TEST(json::parse(client.line()).at("asked").at("do").as_string() == what);
}

BOOST_AUTO_TEST_CASE(a_request_without_an_end_is_cut_off)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    raw_client client{directory.path()};
    client.send(std::string(100'000, 'x'));
    BOOST_TEST(client.line() == "");
    BOOST_TEST(daemon_connection::open(directory.path())->ask(publish, 10s).has_value());
}

BOOST_AUTO_TEST_CASE(one_client_too_many_is_turned_away_and_the_others_are_answered)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 16; ++i) {
        clients.push_back(std::make_unique<raw_client>(directory.path()));
        clients.back()->send("{}\n");
        BOOST_TEST(clients.back()->line() != "");
    }
    BOOST_TEST(raw_client{directory.path()}.line() == "");
    clients.front()->send("{}\n");
    BOOST_TEST(clients.front()->line() != "");
}

BOOST_AUTO_TEST_CASE(a_client_that_holds_and_leaves_is_noticed_once)
{
    testing::temp_directory directory;
    echo_server server{directory.path()};
    {
        raw_client held{directory.path()};
        held.send("{\"do\":\"hold\"}\n");
        held.line();
        raw_client released{directory.path()};
        released.send("{\"do\":\"hold\"}\n{\"do\":\"release\"}\n");
        released.line();
        released.line();
        BOOST_TEST(server.left == 0);
    }
    BOOST_TEST(testing::wait_for([&] { return server.left != 0; }));
    // What the other client left behind is handled by the time that a new one is answered.
    BOOST_TEST(daemon_connection::open(directory.path())->ask(publish, 10s).has_value());
    BOOST_TEST(server.left == 1);
}

BOOST_AUTO_TEST_SUITE_END()
