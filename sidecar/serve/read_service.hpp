#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "serve/daemon_word.hpp"
#include "serve/status_page.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace understudy {

/// What is worth a line in the log.
enum class serve_event {
    internal,            ///< A mistake of ours.
    generation_damaged,  ///< A generation is taken out.
    serving_older,       ///< And another one takes over.
};

/// Answers reads of the announced generation, health and status over HTTP, on a thread of its own: no reader holds up the
/// stream, and no disk under the store holds up a reader.
///
/// Its functions may be called on any one thread; what they bring is taken over on the serve thread.
class read_service {
public:
    /// Writes an event to the log. Called on the serve thread.
    using logger = std::function<void(serve_event event, const std::string& sentence)>;

    read_service(settings wanted, logger log);
    read_service(const read_service&) = delete;
    read_service& operator=(const read_service&) = delete;
    ~read_service();  ///< Stops.

    /// Listens, serves the announced generation if there is a good one, and starts the thread. A second call does nothing.
    /// Errors: bad_config.
    outcome<void> start(gid_t socket_group);

    /// A generation was announced.
    void look_for_announced();

    void report(daemon_word word);

    /// The configuration in force, for the page.
    void show(std::vector<page_setting> settings);

    /// A generation that was found damaged since the last call: another one has to be written.
    std::optional<std::uint64_t> take_damaged();

    /// Ends every connection and the thread.
    void stop();

private:
    class thread;
    std::unique_ptr<thread> thread_;
};

}  // namespace understudy
