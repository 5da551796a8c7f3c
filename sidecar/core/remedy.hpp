#pragma once

#include "core/error.hpp"

namespace understudy {

/// What the supervisor does about a failure. In every case the last good generation stays announced.
enum class remedy {
    retry,          ///< Wait (back-off with jitter) and connect again from the stored position.
    resync_tables,  ///< Copy the tables concerned again, then go on.
    resync_all,     ///< Copy every table again at a new consistent point.
    rebuild_store,  ///< Keep the store aside as evidence, start an empty one, then copy every table.
    reopen_store,   ///< Open the store again, then go on from what it holds.
    ask_operator,   ///< Stop and exit 4: somebody has to decide.
    halt,           ///< Stop and exit 70: a mistake of ours.
};

const char* name_of(remedy what) noexcept;

/// The only place that decides what an error means for the daemon.
remedy remedy_for(errc code) noexcept;

/// The exit status of a command that ends with this error.
int exit_status_for(errc code) noexcept;

}  // namespace understudy
