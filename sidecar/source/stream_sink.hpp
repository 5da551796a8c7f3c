#pragma once

#include "core/change_batch.hpp"
#include "core/error.hpp"
#include "core/position.hpp"

#include <cstdint>
#include <vector>

namespace understudy {

/// A whole transaction as a source hands it out. Borrowed for the call.
struct committed_transaction {
    const change_batch& changes;  ///< Empty when it touched no mirrored table.
    stored_position position;     ///< What the store is true at with it.
    const std::vector<epoch>& touched;
};

/// Takes what a source reads, in order. This is the seam between sources and the rest.
///
/// Called on the event loop. None of the members waits: when the sink has enough it says so by accepts(), and the
/// source reads no further until it is told to go on, while its status messages go on leaving.
class stream_sink {
public:
    virtual ~stream_sink() = default;

    virtual bool accepts() const noexcept = 0;

    /// A transaction opens whose commit record starts here. Nothing of it has been handed out: a sink that stops
    /// accepting now gets none of it.
    virtual void on_begin(lsn commit_start) = 0;

    virtual void on_transaction(const committed_transaction& transaction) = 0;

    /// A transaction too large to be held whole: its changes so far, and then more parts, until its end comes as
    /// on_transaction with the last part, or on_large_abandoned.
    virtual void on_large_part(change_batch part) = 0;
    virtual void on_large_abandoned() = 0;

    /// Everything that starts before `reached` has been handed out. No transaction is half handed out.
    virtual void on_reached(lsn reached) = 0;
};

}  // namespace understudy
