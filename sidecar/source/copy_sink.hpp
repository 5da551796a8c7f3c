#pragma once

#include "core/change_batch.hpp"
#include "core/error.hpp"
#include "core/table.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace understudy {

namespace asio = boost::asio;

/// How far a first copy is, whatever it is made from. Written by the source, read by status; both on the event loop.
struct copy_progress {
    std::string waiting_for;  ///< Whose transaction the consistent point waits for, while it does.
    std::string table;        ///< Being copied now; a source that reads all at once names none.
    std::size_t tables_done = 0;
    std::size_t tables_total = 0;
    std::uint64_t rows = 0;  ///< Or messages, of a log.
    std::uint64_t bytes = 0;
    std::uint64_t estimated_rows = 0;
    std::chrono::steady_clock::time_point started{};
};

/// Takes copied rows. Called on the event loop.
class copy_sink {
public:
    virtual ~copy_sink() = default;
    virtual asio::awaitable<outcome<epoch>> create_epoch() = 0;

    /// Returns as soon as the rows are on their way; a failure to store them comes with a later call.
    virtual asio::awaitable<outcome<void>> load(epoch rows, change_batch batch) = 0;
};

}  // namespace understudy
