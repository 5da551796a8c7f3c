#include "serve/health_answer.hpp"

#include "core/limits.hpp"
#include "serve/metrics.hpp"
#include "serve/read_query.hpp"
#include "serve/status_page.hpp"
#include "serve/table_answer.hpp"

#include <boost/json.hpp>
#include <boost/version.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

http_response uncached(http_response response)
{
    response.set(http::field::cache_control, "no-store");
    if (response.result() == http::status::service_unavailable) response.set(http::field::retry_after, "5");
    return response;
}

http_response plain(bool good, std::string text)
{
    auto status = good ? http::status::ok : http::status::service_unavailable;
    return uncached(make_response(status, text_type, std::move(text) + "\n"));
}

json::value time_or_null(const std::optional<db_time>& time)
{
    return time ? json::value(to_string(*time)) : json::value{};
}

json::object served_object(const serving_state& state)
{
    json::object made;
    auto now = state.age(std::chrono::system_clock::now());
    const auto& generation = state.generation();
    made["generation"] = generation ? json::value(generation->facts().generation) : json::value{};
    made["position"] = generation ? json::value(to_string(generation->facts().position)) : json::value{};
    made["content_as_of"] = generation ? time_or_null(generation->facts().content_as_of) : json::value{};
    made["current_as_of"] = time_or_null(now.current_as_of);
    made["age_seconds"] = now.age ? json::value(static_cast<double>(now.age->count()) / 1000) : json::value{};
    made["trouble"] = state.trouble().empty() ? json::value{} : json::value(state.trouble());
    return made;
}

/// Anything but a sensible number of seconds is none.
std::optional<std::chrono::seconds> refresh_in(std::string_view query)
{
    auto all = parse_parameters(query);
    if (!all) return std::nullopt;
    for (const auto& [name, value] : *all) {
        auto after = name == "refresh" ? read_age_bound(value) : std::nullopt;
        if (after && *after >= std::chrono::seconds{1} && *after <= std::chrono::hours{1})
            return std::chrono::duration_cast<std::chrono::seconds>(*after);
    }
    return std::nullopt;
}

/// The bound of the query; nothing if it has none. Errors: 400.
read_result<std::optional<std::chrono::milliseconds>> bound_in(std::string_view query)
{
    std::optional<std::chrono::milliseconds> bound;
    auto all = parse_parameters(query);
    if (!all) return all.error();
    for (const auto& [name, value] : *all) {
        if (name == "max_age") bound = read_age_bound(value);
        if (name != "max_age" || !bound)
            return parse_error("query", fmt::format("{}={}", name, value), 0, "max_age and a number of seconds");
    }
    return bound;
}

}  // namespace

http_response make_response(http::status status, std::string_view content_type, std::string body)
{
    http_response made{status, 11};
    if (!content_type.empty()) made.set(http::field::content_type, {content_type.data(), content_type.size()});
    made.body() = std::move(body);
    return made;
}

std::string http_date(std::chrono::system_clock::time_point time)
{
    auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

http_response answer_livez(const serving_state& state)
{
    auto silent = state.silent_for(std::chrono::steady_clock::now());
    if (!silent) return plain(true, "live");
    return plain(false, fmt::format("the daemon's loop has not moved for {} s", silent->count() / 1000));
}

http_response answer_readyz(const serving_state& state)
{
    if (!state.generation()) return plain(false, "not ready: " + state.trouble());
    return plain(true, fmt::format("ready: generation {}", state.generation()->facts().generation));
}

http_response answer_fresh(const serving_state& state, std::string_view query)
{
    auto bound = bound_in(query);
    if (!bound) return answer_error(bound.error());
    auto now = state.age(std::chrono::system_clock::now());
    bool fresh = now.age && (!*bound || *now.age <= **bound);
    auto body = served_object(state);
    body["max_age_seconds"] = *bound ? json::value(static_cast<double>((*bound)->count()) / 1000) : json::value{};
    body["fresh"] = fresh;
    auto status = fresh ? http::status::ok : http::status::service_unavailable;
    return uncached(make_response(status, json_type, json::serialize(body) + "\n"));
}

http_response answer_status(const serving_state& state)
{
    auto body = to_object(state.report());
    body["day"] = to_object(state.word().day);  // not in the file, which stays small
    body["served"] = served_object(state);
    json::array fallbacks;
    for (const auto& [reason, count] : state.fallbacks())
        fallbacks.push_back(
            json::object{{"reason", reason},
                         {"reads", count.reads},
                         {"last", to_string(std::chrono::time_point_cast<std::chrono::microseconds>(count.last))}});
    body["fallback_reads"] = std::move(fallbacks);
    return uncached(make_response(http::status::ok, json_type, json::serialize(body) + "\n"));
}

http_response answer_metrics(const serving_state& state)
{
    return uncached(make_response(http::status::ok, metrics_type, metrics_text(state)));
}

http_response answer_page(const serving_state& state, std::string_view query)
{
    page_facts facts;
    facts.status = state.report();
    facts.generations = state.generations();
    facts.day = state.word().day;
    facts.settings = state.shown_settings;
    for (const auto& [reason, count] : state.fallbacks())
        facts.reads.push_back(
            {reason, count.reads, std::chrono::time_point_cast<std::chrono::microseconds>(count.last)});
    facts.build = "HTTP on Boost.Beast, " BOOST_LIB_VERSION;
    facts.refresh = refresh_in(query);
    facts.now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    auto response = uncached(make_response(http::status::ok, "text/html; charset=utf-8", status_page(facts)));
    response.set("Content-Security-Policy", page_policy);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    return response;
}

}  // namespace understudy
