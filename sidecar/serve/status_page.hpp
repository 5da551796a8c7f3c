#pragma once

#include "core/db_time.hpp"
#include "publish/day_record.hpp"
#include "publish/manifest.hpp"
#include "publish/status_file.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// One line of the configuration in force. Holds no secret: whoever fills it masks them.
struct page_setting {
    std::string key;
    std::string value;
    std::string origin;  ///< `default`, or a place in a file, or a variable.
};

/// Reads that came for this reason because the database did not answer.
struct page_reads {
    std::string reason;  ///< In the caller's words.
    std::uint64_t count = 0;
    std::optional<db_time> last;
};

/// Everything that the status page shows.
struct page_facts {
    status_report status;
    std::vector<manifest> generations;  ///< Newest first, the announced one and those before it.
    day_record day;
    std::vector<page_setting> settings;
    std::vector<page_reads> reads;
    std::string build;                            ///< Besides the version: compiler, libraries.
    std::optional<std::chrono::seconds> refresh;  ///< The browser loads the page again after this long.
    db_time now{};                                ///< On our clock.
};

/// The status page: one HTML document that needs nothing from outside and no script. The numbers are those of
/// to_json(facts.status), to the digit, in the `value`, `datetime` or `title` of what shows them in human units.
///
/// Pure. All text in the facts may be hostile. Lists are cut at the page's bounds, and say so; what a table or a slot of the
/// day takes is bounded by them, so that the page of an ordinary installation stays below 50 KB.
///
/// It has one <style> element and no other inline style, script or handler, so that this policy fits:
///   Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';
///                            form-action 'none'; frame-ancestors 'none'
std::string status_page(const page_facts& facts);

/// The same policy, for whoever sends the page.
inline constexpr const char* page_policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace understudy
