#pragma once

#include "decode/debezium.hpp"
#include "source/kafka/event_memory.hpp"
#include "source/kafka/places.hpp"

#include <cstddef>

namespace understudy::kafka {

/// Tells what the connector sends again after a crash, in one partition. It lies where it was before in the database's history.
/// Offsets alone give the order, so what is not known to be a repeat is applied, unless it can be told that it is none; and with
/// it all that follow, known or not. Pure.
class repeat_filter {
public:
    /// Remembers `most` events. What `place` has had already is not among them.
    repeat_filter(std::size_t most, const partition_place& place) : known_{most, place.mark}, skips_{place.next > 0} {}

    enum class verdict {
        news,
        news_of_new_connector,  ///< That made no snapshot of the table, or one of which nothing is left before this.
        repeat,
        out_of_order,  ///< Before others in the database's history, and no repeat.
    };

    /// The next streamed event of the partition at `place`, whose mark it moves.
    verdict judge(partition_place& place, const debezium::event& event);

    /// Records may have been there that did not come.
    void note_gap() noexcept { skips_ = true; }

    /// Nothing that comes is a repeat of what came before.
    void forget() { known_.clear(); }

private:
    event_memory known_;
    bool skips_;  // something may have come that did not, since the last event that was new
};

}  // namespace understudy::kafka
