#pragma once

#include "core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <set>

namespace understudy {

namespace asio = boost::asio;

// Commands ask the running daemon over a unix socket in its state directory, which only its own user can reach.
//
//   request  := JSON object on one line, with the member `do`
//   response := JSON object on one line: {"ok": true, ...} or {"ok": false, "reason": name, "text": sentence}
//
//   {"do": "live"}                answers, for the event loop moves
//   {"do": "publish"}             publishes now; answers with the generation
//   {"do": "pause", "by": TEXT, "reason": TEXT}
//                                 announces nothing from its answer on, until resume, restarts included; answers with a
//                                 sentence that says whose pause it is, and `already` if it was before
//   {"do": "resume"}              ends a pause and publishes what changed; answers with `was_paused`
//   {"do": "hold"}                stops taking transactions, until cut, release or the end of this connection, and for
//                                 limits::hold_max at most, or for less: "for_ms". One client at a time
//   {"do": "cut", "at": LSN}      after hold: goes on to exactly that position, writes a generation there that is not
//                                 announced, and goes on again; answers with its directory, which is removed by release,
//                                 the end of this connection or limits::cut_kept_max
//   {"do": "release"}             goes on, and removes what was cut

/// One client's connection. What it held, or had cut, ends with it.
struct control_client {
    bool holds = false;
    bool held_too_long = false;  ///< The daemon went on without being told to.
};

/// Serves the control socket. Event loop only.
class control_server {
public:
    using handler =
        std::function<asio::awaitable<boost::json::object>(boost::json::object request, control_client& client)>;

    /// `left` is called when a client that holds goes away without release.
    control_server(asio::any_io_executor executor, handler handle, std::function<void()> left);

    /// Listens on `control.sock` in the directory; one that a killed daemon left behind is replaced. The caller holds the
    /// directory's lock. Errors: bad_directory.
    outcome<void> listen(const std::filesystem::path& directory);

    void close();

private:
    using socket = asio::local::stream_protocol::socket;
    asio::awaitable<void> accept_until_closed();
    asio::awaitable<void> serve(std::shared_ptr<socket> connection);

    asio::any_io_executor executor_;
    handler handle_;
    std::function<void()> left_;
    asio::local::stream_protocol::acceptor acceptor_;
    asio::steady_timer pause_;
    std::set<std::shared_ptr<socket>> connections_;
};

/// The socket's address. Goes through an open descriptor, for a unix socket's path is limited to 107 bytes.
/// The descriptor must stay open while the address is used.
asio::local::stream_protocol::endpoint control_endpoint(int directory_descriptor);

}  // namespace understudy
