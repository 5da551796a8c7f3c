#include "app/logging.hpp"

#include "app/clean_text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <fmt/format.h>

#include <memory>
#include <mutex>

namespace understudy {

namespace json = boost::json;

namespace {

/// Prints levels by the names that `log.level` takes; spdlog's own differ (`warning`).
class level_name : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override
    {
        auto name = message.level == spdlog::level::warn
                        ? std::string_view{"warn"}
                        : std::string_view{spdlog::level::to_string_view(message.level).data(),
                                           spdlog::level::to_string_view(message.level).size()};
        out.append(name.data(), name.data() + name.size());
    }

    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<level_name>(); }
};

std::unique_ptr<spdlog::formatter> formatter_for(bool as_json)
{
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
    formatter->add_flag<level_name>('*');
    formatter->set_pattern(as_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%*",%v})"
                                   : "%Y-%m-%dT%H:%M:%S.%eZ %^%*%$ %v");
    return formatter;
}

spdlog::level::level_enum to_spdlog(log_level level)
{
    switch (level) {
    case log_level::trace: return spdlog::level::trace;
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warn: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

/// The log of the process. The lock keeps an event from being built in one format and framed in another.
class event_log {
public:
    event_log() : logger_{"understudy", std::make_shared<spdlog::sinks::stderr_color_sink_st>()}
    {
        logger_.set_formatter(formatter_for(false));
    }

    void configure(const log_settings& how)
    {
        std::lock_guard held{mutex_};
        as_json_ = how.format == "json";
        logger_.set_formatter(formatter_for(as_json_));
        logger_.set_level(spdlog::level::from_str(how.level));
    }

    void write(log_level level, std::string_view event, std::string_view sentence,
               std::initializer_list<log_field> fields)
    {
        if (!logger_.should_log(to_spdlog(level))) return;
        std::lock_guard held{mutex_};
        auto body = as_json_ ? json_event(event, sentence, fields) : text_event(event, sentence, fields);
        logger_.log(to_spdlog(level), spdlog::string_view_t{body.data(), body.size()});
    }

private:
    std::mutex mutex_;
    spdlog::logger logger_;
    bool as_json_ = false;
};

event_log& the_log()
{
    static event_log log;
    return log;
}

std::string quoted_if_needed(std::string_view text)
{
    auto clean = clean_text(text);
    if (!clean.empty() && clean.find_first_of(" \"=()\\") == clean.npos) return clean;
    return json::serialize(json::string_view{clean});
}

template <class... Cases>
struct overloaded : Cases... {
    using Cases::operator()...;
};

std::string text_of(const log_value& value)
{
    return std::visit(overloaded{[](std::string_view text) { return quoted_if_needed(text); },
                                 [](auto number) { return fmt::format("{}", number); }},
                      value.get());
}

json::value json_of(const log_value& value)
{
    return std::visit(overloaded{[](std::string_view text) { return json::value(clean_text(text)); },
                                 [](auto number) { return json::value(number); }},
                      value.get());
}

}  // namespace

std::string text_event(std::string_view event, std::string_view sentence, std::initializer_list<log_field> fields)
{
    auto line = fmt::format("{}: {}", event, clean_text(sentence));
    for (const auto& field : fields)
        line += fmt::format("{}{}={}", &field == fields.begin() ? " (" : " ", field.name, text_of(field.value));
    if (fields.size() != 0) line += ')';
    return line;
}

std::string json_event(std::string_view event, std::string_view sentence, std::initializer_list<log_field> fields)
{
    json::object body{{"event", event}, {"message", clean_text(sentence)}};
    for (const auto& field : fields) body.insert_or_assign(field.name, json_of(field.value));
    auto text = json::serialize(body);
    return text.substr(1, text.size() - 2);  // the pattern writes the braces, with time and level
}

void configure_logging(const log_settings& how)
{
    the_log().configure(how);
}

void log_event(log_level level, std::string_view event, std::string_view sentence,
               std::initializer_list<log_field> fields)
{
    the_log().write(level, event, sentence, fields);
}

}  // namespace understudy
