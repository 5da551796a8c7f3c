#pragma once

#include "core/settings.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace understudy {

enum class log_level { trace, debug, info, warn, error };

/// The value of a field: text (borrowed), a number or a truth value.
class log_value {
public:
    log_value(std::string_view text) : value_{text} {}
    log_value(const char* text) : value_{std::string_view{text}} {}
    log_value(const std::string& text) : value_{std::string_view{text}} {}
    log_value(bool truth) : value_{truth} {}
    log_value(double number) : value_{number} {}
    template <std::signed_integral Number>
    log_value(Number number) : value_{std::int64_t{number}}
    {
    }
    template <std::unsigned_integral Number>
    log_value(Number number) : value_{std::uint64_t{number}}
    {
    }

    const auto& get() const noexcept { return value_; }

private:
    std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value_;
};

/// A named value beside the sentence. Name and value are borrowed for the call only.
struct log_field {
    std::string_view name;
    log_value value;
};

/// Starts logging to stderr, one line per event, or changes level and format of a running log. Until the first
/// call events are written as text from `info` up. Any thread.
void configure_logging(const log_settings& how);

/// Writes one event: `event` is a stable name in lower case, `sentence` is for people. Text is cleaned and cut
/// to limits::peer_text_bytes_max, so that it may come from a peer. Never pass a secret. Any thread.
///
///   text: TIME LEVEL event: sentence (name=value ...)
///   json: {"time": RFC 3339 UTC, "level", "event", "message", and the fields}
void log_event(log_level level, std::string_view event, std::string_view sentence,
               std::initializer_list<log_field> fields = {});

/// One event as it is written, without time and level. For tests and for log_event.
std::string text_event(std::string_view event, std::string_view sentence, std::initializer_list<log_field> fields);
std::string json_event(std::string_view event, std::string_view sentence, std::initializer_list<log_field> fields);

}  // namespace understudy
