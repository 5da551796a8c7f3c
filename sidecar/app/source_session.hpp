#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/position.hpp"
#include "core/table.hpp"
#include "source/mirrored_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace understudy {

namespace asio = boost::asio;

/// What the next session has to copy because the source showed that it must.
struct copy_demand {
    std::optional<failure> everything_because;
    std::set<oid> tables;
    std::set<oid> replaced;  ///< Of these: with Kafka, those whose log is another one for sure, not only compacted.
    /// With Kafka, those whose log was just found to be the one that was read: it is not looked at again.
    std::set<oid> known;
    bool at_once = false;  ///< The session ended only so that the next one does this.
};

/// A time, and how far the source has to be read to have everything that was acknowledged by then.
struct source_probe {
    lsn written;
    db_time at{};
};

/// One session with a source, from connecting to the failure that ends it: prepare, then follow.
///
/// Belongs to the event loop; made anew for each session. What it reads goes to a stream_sink, what it copies to a
/// copy_sink. This is all that publishing, cadence and the daemon know of a source.
class source_session {
public:
    struct callbacks {
        std::function<void(const source_probe&)> probed;
        std::function<void()> streaming;  ///< From here on the store follows the source.
    };

    virtual ~source_session() = default;

    /// Returns why it ended. Reads `demand`, clears what has been met, and adds what it found.
    virtual asio::awaitable<failure> run(copy_demand& demand) = 0;

    /// Whether a generation at this position, which is durable by now, may be announced. Errors: table_changed and
    /// publication_changed, which also end the session; table_locked: try again shortly; those of the connection.
    virtual asio::awaitable<outcome<void>> check_announcement(lsn position) = 0;

    /// Returns when all that the source held at the call has been handed out. Errors: those of the connection; cancelled
    /// when the session has ended.
    virtual asio::awaitable<outcome<void>> catch_up() = 0;

    /// The tables that are followed now, with what renders them.
    virtual const std::vector<mirrored_table>& mirrored() const noexcept = 0;

    virtual bool is_streaming() const noexcept = 0;

    /// This is durable: the source need not keep what lies before it.
    virtual void confirm(const stored_position& durable) = 0;

    /// The sink accepts again.
    virtual void resume() = 0;

    /// Ends run() at once.
    virtual void close(failure why) = 0;
};

}  // namespace understudy
