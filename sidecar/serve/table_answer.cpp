#include "serve/table_answer.hpp"

#include "core/limits.hpp"
#include "core/lsn.hpp"
#include "serve/table_read.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace understudy {

namespace {

using namespace std::chrono_literals;
using parameters = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view object_type = "application/vnd.pgrst.object+json";
constexpr std::string_view csv_type = "text/csv; charset=utf-8";

/// What a request asks for beside the query.
struct read_request {
    std::string table;
    std::optional<std::string> key;  ///< As it stands in the path, still encoded.
    read_wish wish;
    bool single = false;  ///< One object instead of an array.
    std::optional<std::chrono::milliseconds> age_max;
};

std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Calls `take` with each part of a comma-separated header.
template <class Take>
void each_part(std::string_view header, Take take)
{
    while (!header.empty()) {
        auto part = header.substr(0, header.find(','));
        header.remove_prefix(std::min(part.size() + 1, header.size()));
        take(trimmed(part));
    }
}

read_result<void> take_accept(std::string_view accept, read_request& into)
{
    bool found = accept.empty();
    std::string asked{accept};
    each_part(accept, [&](std::string_view part) {
        auto type = trimmed(part.substr(0, part.find(';')));
        bool plain = part.find("nulls=stripped") == part.npos;
        if (found || !plain) return;
        found = true;
        if (type == object_type)
            into.single = true;
        else if (type == "text/csv")
            into.wish.format = row_format::csv;
        else
            found = type == "application/json" || type == "application/*" || type == "*/*" || type == "text/*" ||
                    type == "application/vnd.pgrst.array+json";
    });
    if (found) return {};
    return read_error{.status = http::status::not_acceptable,
                      .code = "PGRST107",
                      .message = fmt::format("None of these media types are available: {}", asked.substr(0, 200)),
                      .details = {},
                      .hint = "application/json, application/vnd.pgrst.object+json and text/csv are."};
}

/// Of several bounds on age the strictest counts.
void take_age_bound(std::chrono::milliseconds bound, read_request& into)
{
    into.age_max = std::min(into.age_max.value_or(bound), bound);
}

bool is_same_word(std::string_view a, std::string_view b) noexcept
{
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// One preference, `name=value; parameters` (RFC 7240, 2). What we do not know may be ignored, but no bound on age.
read_result<void> take_preference(std::string_view part, read_request& into)
{
    part = part.substr(0, part.find(';'));
    if (part.empty()) return {};
    auto name = trimmed(part.substr(0, part.find('=')));
    auto value = trimmed(part.substr(std::min(part.find('='), part.size() - 1) + 1));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (is_same_word(name, "count")) into.wish.count |= value == "exact" || value == "planned" || value == "estimated";
    if (!is_same_word(name, "max-stale")) return {};
    auto bound = read_age_bound(value);
    if (!bound) return parse_error("Prefer header", part, part.find('=') + 1, "max-stale and a number of seconds");
    take_age_bound(*bound, into);
    return {};
}

/// The header may stand there several times.
read_result<void> take_prefer(const http_request& request, read_request& into)
{
    read_result<void> taken;
    for (auto [line, end] = request.equal_range(http::field::prefer); line != end; ++line)
        each_part({line->value().data(), line->value().size()}, [&](std::string_view part) {
            if (taken && !part.empty()) taken = take_preference(part, into);
        });
    return taken;
}

std::optional<std::uint64_t> number(std::string_view text) noexcept
{
    std::uint64_t value = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

// `0-24` or `0-`, with or without a unit in front; a range of bytes is not for us, and a server may ignore it.
read_result<void> take_range(std::string_view range, read_query& into)
{
    if (range.starts_with("items=")) range.remove_prefix(6);
    auto dash = range.find('-');
    if (range.empty() || dash == range.npos || range.find('=') != range.npos) return {};
    auto first = number(range.substr(0, dash));
    auto last = number(range.substr(dash + 1));
    if (!first || (!last && dash + 1 < range.size())) return {};
    if (last && *last < *first)
        return read_error{.status = http::status::range_not_satisfiable,
                          .code = "PGRST103",
                          .message = "Requested range not satisfiable",
                          .details =
                              "The lower boundary must be lower than or equal to the upper boundary in the Range "
                              "header.",
                          .hint = {}};
    into.offset = std::max(into.offset, *first);
    if (last) {
        auto rows = *last + 1 - std::min(into.offset, *last + 1);
        into.limit = std::min(into.limit.value_or(rows), rows);
    }
    return {};
}

/// A bound on age is a parameter that is no filter: a column of that name is asked for with an operator.
void take_age_bounds(parameters& all, read_request& into)
{
    std::erase_if(all, [&](const auto& parameter) {
        if (parameter.first != "max_age") return false;
        auto bound = read_age_bound(parameter.second);
        if (bound) take_age_bound(*bound, into);
        return bound.has_value();
    });
}

read_error unknown_table(std::string_view name)
{
    return {.status = http::status::not_found,
            .code = "PGRST205",
            .message = fmt::format("Could not find the table '{}' in the snapshot", shortened(name)),
            .details = {},
            .hint = "GET /status.json names the tables."};
}

read_result<read_request> read_path(const http_request& request, std::string_view path)
{
    read_request made;
    auto slash = path.find('/', 1);
    auto name = decode_path_part(path.substr(1, slash == path.npos ? path.npos : slash - 1));
    if (!name) return name.error();
    made.table = std::move(*name);
    if (slash != path.npos) made.key = path.substr(slash + 1);
    if (made.table.empty() || (made.key && (made.key->empty() || made.key->find('/') != made.key->npos)))
        return read_error{.status = http::status::not_found,
                          .code = "PGRST125",
                          .message = "Invalid path specified in request URL",
                          .details = {},
                          .hint = "Paths are /table and /table/key."};
    if (auto profile = header(request, "Accept-Profile"); !profile.empty() && profile != "public")
        made.table = fmt::format("{}.{}", profile, made.table);
    return made;
}

read_result<read_request> read_all(const http_request& request, std::string_view path, std::string_view query)
{
    auto made = read_path(request, path);
    if (!made) return made;
    auto all = parse_parameters(query);
    if (!all) return all.error();
    take_age_bounds(*all, *made);
    auto parsed = parse_query(*all);
    if (!parsed) return parsed.error();
    made->wish.query = std::move(*parsed);
    if (auto taken = take_prefer(request, *made); !taken) return taken.error();
    if (auto taken = take_accept(header(request, http::field::accept), *made); !taken) return taken.error();
    if (auto taken = take_range(header(request, http::field::range), made->wish.query); !taken) return taken.error();
    return made;
}

/// Turns the key of a path, its parts separated by commas, into a filter.
read_result<void> take_key(const table_in_file& from, read_request& into)
{
    const auto& table = from.table;
    std::vector<std::string> parts;
    for (std::string_view rest{*into.key};;) {
        auto part = decode_path_part(rest.substr(0, rest.find(',')));
        if (!part) return part.error();
        parts.push_back(std::move(*part));
        if (rest.find(',') == rest.npos) break;
        rest.remove_prefix(rest.find(',') + 1);
    }
    if (table.key().size() != parts.size() || parts.empty())
        return read_error{.status = http::status::bad_request,
                          .code = "PGRST125",
                          .message = fmt::format("the key of {} has {} columns, and {} values were given",
                                                 to_string(table.name()), table.key().size(), parts.size()),
                          .details = {},
                          .hint = "Separate them by commas; write a comma inside a value as %2C."};
    for (std::size_t at = 0; at < parts.size(); ++at) {
        condition equal;
        equal.field.column = table.columns()[table.key()[at]].name;
        equal.values.push_back(std::move(parts[at]));
        into.wish.query.filter.branches.emplace_back(std::move(equal));
    }
    into.wish.query.limit = 1;
    into.single = into.wish.format == row_format::json;
    return {};
}

read_error unavailable(const char* code, std::string message)
{
    return {.status = http::status::service_unavailable,
            .code = code,
            .message = std::move(message),
            .details = {},
            .hint = {}};
}

read_result<void> check_age(const read_request& wanted, const serving_state& state, const served_generation& generation)
{
    if (!wanted.age_max) return {};
    auto now = state.age_of(generation.facts().generation, std::chrono::system_clock::now());
    if (!now.age) return unavailable("UNDERSTUDY_AGE_UNKNOWN", "it was not proved yet how old the generation is");
    if (*now.age <= *wanted.age_max) return {};
    return unavailable("UNDERSTUDY_TOO_OLD",
                       fmt::format("the generation is current as of {:.1f} s ago, and {:.1f} s are the bound",
                                   std::chrono::duration<double>(*now.age).count(),
                                   std::chrono::duration<double>(*wanted.age_max).count()));
}

/// Equal as long as the rows of the table's document are, and the way in which they are shown; a Range header chooses among
/// them, too.
std::string etag_of(const table_in_file& table, const read_request& wanted)
{
    const char* form = wanted.wish.format == row_format::csv ? "c" : wanted.single ? "o" : "j";
    const auto& query = wanted.wish.query;
    auto rows = query.offset == 0 && !query.limit ? "" : fmt::format("-{}.{}", query.offset, query.limit.value_or(0));
    return fmt::format("\"{}-{}{}{}\"", table.file->document().content.substr(0, 32), form,
                       wanted.wish.count ? "n" : "", rows);
}

bool names_etag(std::string_view if_none_match, std::string_view etag)
{
    bool named = false;
    each_part(if_none_match, [&](std::string_view part) {
        if (part.starts_with("W/")) part.remove_prefix(2);
        named = named || part == etag || part == "*";
    });
    return named;
}

std::string text_or_empty(const std::optional<db_time>& time)
{
    return time ? to_string(*time) : std::string{};
}

/// A header holds visible ASCII; anything else, above all the end of a line, stands as in a URL.
std::string header_text(std::string_view text)
{
    std::string made;
    for (char byte : text) {
        auto code = static_cast<unsigned char>(byte);
        made += code > 0x20 && code < 0x7F && byte != '%' ? std::string(1, byte) : fmt::format("%{:02X}", code);
    }
    return made;
}

/// Which rows these are, and how old.
void describe(const serving_state& state, const table_in_file& table, const served_generation& generation,
              http_response& response)
{
    const auto& facts = generation.facts();
    auto now = state.age_of(facts.generation, std::chrono::system_clock::now());
    if (facts.content_as_of) response.set(http::field::last_modified, http_date(*facts.content_as_of));
    if (now.age) response.set(http::field::age, std::to_string(now.age->count() / 1000));
    response.set("Cache-Status", fmt::format("understudy; hit; detail={}", state.report().state));
    response.set(http::field::cache_control, "no-cache");
    response.set(http::field::vary, "Accept, Accept-Profile, Prefer, Range");
    response.set("Understudy-Generation", std::to_string(facts.generation));
    response.set("Understudy-Position", to_string(facts.position));
    response.set("Understudy-Content-As-Of", text_or_empty(facts.content_as_of));
    response.set("Understudy-Current-As-Of", text_or_empty(now.current_as_of));
    response.set("Understudy-Consistency", facts.consistency);
    response.set("Understudy-Table", header_text(to_string(table.table.name())));
    if (!state.trouble().empty()) response.set("Understudy-Degraded", "generation");
}

std::string content_range(const table_read& done, bool counted)
{
    auto total = counted ? std::to_string(done.count()) : "*";
    if (done.rows() == 0) return "*/" + total;
    return fmt::format("{}-{}/{}", done.offset(), done.offset() + done.rows() - 1, total);
}

read_error not_satisfiable(const table_read& done)
{
    return {.status = http::status::range_not_satisfiable,
            .code = "PGRST103",
            .message = "Requested range not satisfiable",
            .details =
                fmt::format("An offset of {} was requested, but there are only {} rows.", done.offset(), done.count()),
            .hint = {}};
}

read_error not_single(std::uint64_t rows)
{
    return {.status = http::status::not_acceptable,
            .code = "PGRST116",
            .message = "Cannot coerce the result to a single JSON object",
            .details = fmt::format("The result contains {} rows", rows),
            .hint = {}};
}

read_error no_such_key(const read_request& wanted)
{
    return {.status = http::status::not_found,
            .code = "PGRST116",
            .message = fmt::format("{} has no row with this key", wanted.table),
            .details = {},
            .hint = {}};
}

http::status status_of(const table_read& done, bool counted)
{
    return counted && done.rows() < done.count() ? http::status::partial_content : http::status::ok;
}

/// What is sent when all rows are there.
http_response finish(const read_request& wanted, table_read& done)
{
    bool counted = wanted.wish.count;
    if (counted && done.offset() > done.count()) return answer_error(not_satisfiable(done));
    if (wanted.single && done.rows() != 1)
        return answer_error(wanted.key ? no_such_key(wanted) : not_single(done.rows()));
    auto rows = done.take_rows();
    std::string_view type = wanted.wish.format == row_format::csv ? csv_type : json_type;
    if (wanted.single)
        type = "application/vnd.pgrst.object+json; charset=utf-8";
    else if (wanted.wish.format == row_format::json)
        rows.insert(0, 1, '['), rows.push_back(']');
    auto response = make_response(status_of(done, counted), type, std::move(rows));
    response.set(http::field::content_range, content_range(done, counted));
    return response;
}

asio::awaitable<read_result<void>> run(table_read& read, serving_state& state)
{
    auto executor = co_await asio::this_coro::executor;
    auto deadline = std::chrono::steady_clock::now() + state.settings().serve.timeout;
    std::optional<read_gate::pass> pass;
    for (std::size_t steps = 1;; ++steps) {
        auto done = read.step();
        if (!done) co_return done.error();
        if (*done) co_return read_result<void>{};
        if (std::chrono::steady_clock::now() > deadline)
            co_return unavailable("UNDERSTUDY_TIMED_OUT", "the read took longer than serve.timeout");
        if (steps == limits::short_read_steps) {
            auto got = co_await state.long_reads.enter(deadline);
            if (!got) co_return unavailable("UNDERSTUDY_BUSY", "too many long reads are under way");
            pass.emplace(std::move(*got));
        }
        co_await asio::post(executor, asio::use_awaitable);
        if (state.is_stopping()) co_return unavailable("UNDERSTUDY_STOPPING", "the daemon is stopping");
    }
}

asio::awaitable<http_response> answer_from(std::shared_ptr<const served_generation> generation,
                                           const table_in_file& table, read_request wanted, const http_request& request,
                                           serving_state& state)
{
    if (wanted.key)
        if (auto taken = take_key(table, wanted); !taken) co_return answer_error(taken.error());
    auto etag = etag_of(table, wanted);
    if (names_etag(header(request, http::field::if_none_match), etag)) {
        auto same = make_response(http::status::not_modified, {}, {});
        same.set(http::field::etag, etag);
        describe(state, table, *generation, same);
        co_return same;
    }
    const auto& serve = state.settings().serve;
    read_limits limits{.bytes_max = serve.answer_bytes_max, .rows_max = serve.rows_max};
    auto read = table_read::begin(generation, table, wanted.wish, limits);
    if (!read) co_return answer_error(read.error());
    auto ran = co_await run(**read, state);
    if ((*read)->damage() && state.damaged) state.damaged(generation->facts().generation, *(*read)->damage());
    if (!ran) co_return answer_error(ran.error());
    auto young = check_age(wanted, state, *generation);  // it may have taken long
    if (!young) co_return answer_error(young.error());
    auto response = finish(wanted, **read);
    response.set(http::field::etag, etag);
    describe(state, table, *generation, response);
    co_return response;
}

}  // namespace

http_response answer_error(const read_error& why)
{
    auto or_null = [](const std::string& text) {
        return text.empty() ? boost::json::value{} : boost::json::value(valid_utf8(text));
    };
    boost::json::object body{{"code", why.code},
                             {"details", or_null(why.details)},
                             {"hint", or_null(why.hint)},
                             {"message", valid_utf8(why.message)}};
    auto response = make_response(why.status, json_type, boost::json::serialize(body));
    response.set(http::field::cache_control, "no-store");
    if (why.status == http::status::service_unavailable) response.set(http::field::retry_after, "5");
    return response;
}

std::optional<std::chrono::milliseconds> read_age_bound(std::string_view text)
{
    auto unit = 1000ms;
    if (text.ends_with("ms"))
        unit = 1ms, text.remove_suffix(2);
    else if (text.ends_with('s'))
        text.remove_suffix(1);
    else if (text.ends_with('m'))
        unit = 60s, text.remove_suffix(1);
    else if (text.ends_with('h'))
        unit = 1h, text.remove_suffix(1);
    double value = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    bool whole =
        ec == std::errc{} && end == text.data() + text.size() && std::isdigit(static_cast<unsigned char>(text[0]));
    if (!whole || value > 1e9) return std::nullopt;
    return std::chrono::milliseconds{static_cast<std::int64_t>(value * static_cast<double>(unit.count()))};
}

asio::awaitable<http_response> answer_table(const http_request& request, std::string_view path, std::string_view query,
                                            serving_state& state)
{
    auto wanted = read_all(request, path, query);
    if (!wanted) co_return answer_error(wanted.error());
    auto generation = state.generation();
    if (!generation) co_return answer_error(unavailable("UNDERSTUDY_NO_GENERATION", state.trouble()));
    const auto* table = generation->find_table(wanted->table);
    if (table == nullptr && !generation->has_row_files())
        co_return answer_error(unavailable("UNDERSTUDY_NO_ROW_FILES",
                                           "the announced generation was written before reads "
                                           "were served; the next one can be read"));
    if (table == nullptr) co_return answer_error(unknown_table(wanted->table));
    if (auto young = check_age(*wanted, state, *generation); !young) co_return answer_error(young.error());
    if (auto reason = header(request, "Understudy-Fallback"); !reason.empty()) state.count_fallback(reason);
    auto response = co_await answer_from(generation, *table, std::move(*wanted), request, state);
    co_return response;
}

}  // namespace understudy
