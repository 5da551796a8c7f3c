#pragma once

#include "core/limits.hpp"
#include "core/settings.hpp"
#include "serve/daemon_word.hpp"
#include "serve/read_gate.hpp"
#include "serve/served_generation.hpp"
#include "serve/status_page.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// How old what is served is. Times are the database's.
struct served_age {
    std::optional<db_time> current_as_of;
    /// Now, on the database's clock, less current_as_of; never negative.
    std::optional<std::chrono::milliseconds> age;
};

/// What the answers are made from. Everything is the serve thread's.
class serving_state {
public:
    explicit serving_state(const settings& wanted) : settings_{wanted} {}

    const understudy::settings& settings() const noexcept { return settings_; }

    /// What is served; null before the first, and while no good one is known.
    const std::shared_ptr<const served_generation>& generation() const noexcept { return generation_; }
    void serve(std::shared_ptr<const served_generation> generation);

    /// The manifests of the generations that are there, newest first, at most limits::page_generations_max: from files.
    std::vector<manifest> generations() const;

    /// Why nothing, or not the announced generation, is served; empty if nothing is wrong.
    const std::string& trouble() const noexcept { return trouble_; }
    void set_trouble(std::string why) { trouble_ = std::move(why); }

    /// The daemon's last word.
    const daemon_word& word() const noexcept { return word_; }
    const status_report& report() const noexcept { return word_.status; }
    void take(daemon_word word);

    /// How long the daemon's loop has owed a word; nothing while it does not.
    std::optional<std::chrono::milliseconds> silent_for(std::chrono::steady_clock::time_point now) const;

    served_age age(std::chrono::system_clock::time_point now) const;

    /// The same of a generation that somebody still reads, after another one has taken its place.
    served_age age_of(std::uint64_t generation, std::chrono::system_clock::time_point now) const;

    /// Called with the generation that is served and what is wrong with it.
    std::function<void(std::uint64_t number, failure why)> damaged;

    /// The configuration in force, for the page.
    std::vector<page_setting> shown_settings;

    struct fallback_count {
        std::uint64_t reads = 0;
        std::chrono::system_clock::time_point last{};
    };
    /// Reads that the caller says it fell back to, by the reason it gave; bounded: of too many reasons the rest are `other`.
    const std::map<std::string, fallback_count, std::less<>>& fallbacks() const noexcept { return fallbacks_; }
    void count_fallback(std::string_view reason);

    /// Reads of tables that were answered, by status of HTTP; how long they took, and the bytes of the answers.
    const std::map<std::string, std::uint64_t>& reads_by_status() const noexcept { return reads_by_status_; }
    const duration_histogram& read_seconds() const noexcept { return read_seconds_; }
    std::uint64_t read_bytes() const noexcept { return read_bytes_; }
    void count_read(unsigned status, std::uint64_t bytes, std::chrono::steady_clock::duration took);

    /// Reads that take many steps pass here.
    read_gate long_reads{limits::long_reads_max};

    /// Nothing goes on: reads under way end with an error.
    bool is_stopping() const noexcept { return stopping_; }
    void stop()
    {
        stopping_ = true;
        long_reads.close();
    }

private:
    void remember_currency();

    const understudy::settings& settings_;
    bool stopping_ = false;
    std::shared_ptr<const served_generation> generation_;
    std::string trouble_ = "no generation was announced yet";
    daemon_word word_;
    std::chrono::steady_clock::time_point reported_at_ = std::chrono::steady_clock::now();
    std::map<std::uint64_t, db_time> current_as_of_;  ///< What was proved of the newest generations.
    std::map<std::string, fallback_count, std::less<>> fallbacks_;
    std::map<std::string, std::uint64_t> reads_by_status_;
    duration_histogram read_seconds_;
    std::uint64_t read_bytes_ = 0;
};

}  // namespace understudy
