#pragma once

#include "publish/status_file.hpp"

#include <chrono>
#include <cstdint>

namespace understudy {

/// Whether a start is over for the service manager. Reads no clock.
///
/// It is over with a generation that readers can use; until then a first copy may take as long as it gets on. Where nothing
/// gets on, as without a database, it is over too: what waits for us would gain nothing by waiting longer, and a restart
/// would not help either. The status says then that there is no generation.
class start_progress {
public:
    explicit start_progress(std::chrono::steady_clock::time_point began) noexcept : moved_at_{began} {}

    bool is_over(const status_report& report, std::chrono::steady_clock::time_point now) noexcept;

private:
    std::chrono::steady_clock::time_point moved_at_;
    std::uint64_t rows_ = 0;  // copied
    std::uint64_t tables_ = 0;
};

/// What `systemctl status` shows: state, reason, generation, and how old it is. One line. `now` is on our clock.
std::string describe_for_service(const status_report& report, db_time now);

}  // namespace understudy
