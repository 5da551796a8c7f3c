#pragma once

#include "core/settings.hpp"
#include "publish/status_file.hpp"
#include "serve/served_generation.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace understudy {

/// How old what is served is. Times are the database's.
struct served_age {
    std::optional<db_time> current_as_of;
    std::optional<std::chrono::milliseconds>
        age;  ///< Now, on the database's clock, less current_as_of; never negative.
};

/// What the answers are made from. Everything is the serve thread's.
class serving_state {
public:
    explicit serving_state(const settings& wanted) : settings_{wanted} {}

    const understudy::settings& settings() const noexcept { return settings_; }

    /// What is served; null before the first, and while no good one is known.
    const std::shared_ptr<const served_generation>& generation() const noexcept { return generation_; }
    void serve(std::shared_ptr<const served_generation> generation);

    /// Why nothing, or not the announced generation, is served; empty if nothing is wrong.
    const std::string& trouble() const noexcept { return trouble_; }
    void set_trouble(std::string why) { trouble_ = std::move(why); }

    /// The daemon's last word, and when it came.
    const status_report& report() const noexcept { return report_; }
    void take(status_report report, std::chrono::milliseconds heartbeat);

    /// How long the daemon's loop has owed a word; nothing while it does not.
    std::optional<std::chrono::milliseconds> silent_for(std::chrono::steady_clock::time_point now) const;

    served_age age(std::chrono::system_clock::time_point now) const;

    /// Called with the generation that is served and what is wrong with it.
    std::function<void(std::uint64_t number, failure why)> damaged;

    struct fallback_count {
        std::uint64_t reads = 0;
        std::chrono::system_clock::time_point last{};
    };
    /// Reads that the caller says it fell back to, by the reason it gave; bounded: of too many reasons the rest are `other`.
    const std::map<std::string, fallback_count, std::less<>>& fallbacks() const noexcept { return fallbacks_; }
    void count_fallback(std::string_view reason);

    std::uint64_t reads = 0;             ///< Of tables, that were answered with rows.
    std::uint64_t reads_refused = 0;     ///< 4xx and 5xx.
    std::uint64_t answer_bytes_now = 0;  ///< Held for clients that have not taken them yet.

private:
    void remember_currency();

    const understudy::settings& settings_;
    std::shared_ptr<const served_generation> generation_;
    std::string trouble_ = "no generation was announced yet";
    status_report report_;
    std::chrono::steady_clock::time_point reported_at_ = std::chrono::steady_clock::now();
    std::chrono::milliseconds heartbeat_{0};
    std::map<std::uint64_t, db_time> current_as_of_;  ///< What was proved of the newest generations.
    std::map<std::string, fallback_count, std::less<>> fallbacks_;
};

}  // namespace understudy
