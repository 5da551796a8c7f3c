#include "app/start_progress.hpp"

#include "core/limits.hpp"
#include "publish/cadence.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

std::string describe_generation(const status_report& report, db_time now)
{
    if (report.generation == 0) return "no generation yet";
    auto text = fmt::format("generation {}", report.generation);
    if (!report.current_as_of) return text + " of unknown age";
    std::chrono::milliseconds offset{report.clock_offset_ms.value_or(0)};
    auto age = std::chrono::duration<double>(now + offset - *report.current_as_of).count();
    return text + fmt::format(", current as of {:.1f} s ago", std::max(0.0, age));
}

std::string describe_copy(const copy_status& copy)
{
    auto text = fmt::format(", table {} of {}, {} rows", std::min(copy.tables_done + 1, copy.tables_total),
                            copy.tables_total, copy.rows);
    if (copy.progress) text += fmt::format(", {:.0f} %", *copy.progress * 100);
    return text;
}

}  // namespace

bool start_progress::is_over(const status_report& report, std::chrono::steady_clock::time_point now) noexcept
{
    if (report.generation > 0) return true;
    auto rows = report.copy ? report.copy->rows : 0;
    auto tables = report.copy ? report.copy->tables_done : 0;
    if (rows != rows_ || tables != tables_ || report.cadence.rule == name_of(wait_reason::publishing)) moved_at_ = now;
    rows_ = rows;
    tables_ = tables;
    return now - moved_at_ >= limits::start_patience;
}

std::string describe_for_service(const status_report& report, db_time now)
{
    auto text = report.state;
    if (report.copy) text += describe_copy(*report.copy);
    if (report.paused) text += ", paused";
    text += "; " + describe_generation(report, now);
    if (report.lag_bytes) text += fmt::format(", {} bytes behind", *report.lag_bytes);
    if (!report.reason.empty()) text += fmt::format("; {}: {}", report.reason, report.reason_text);
    return text;
}

}  // namespace understudy
