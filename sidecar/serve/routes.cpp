#include "serve/routes.hpp"

#include "serve/health_answer.hpp"
#include "serve/table_answer.hpp"

#include <boost/beast/core/string.hpp>

#include <openssl/crypto.h>

#include <fmt/format.h>

#include <string_view>

namespace understudy {

namespace {

constexpr std::string_view allowed = "GET, HEAD, OPTIONS";

/// In a time that does not tell how much of the token was right.
bool may_read(const http_request& request, const serving_state& state)
{
    const auto& token = state.settings().serve.token;
    if (token.empty()) return true;
    auto given = header(request, http::field::authorization);
    constexpr std::string_view scheme = "Bearer ";
    if (given.size() != scheme.size() + token.size()) return false;
    auto name = given.substr(0, scheme.size());
    if (!boost::beast::iequals({name.data(), name.size()}, {scheme.data(), scheme.size()})) return false;
    return CRYPTO_memcmp(given.data() + scheme.size(), token.data(), token.size()) == 0;
}

http_response refuse_reader()
{
    auto response = answer_error({.status = http::status::unauthorized,
                                  .code = "PGRST301",
                                  .message = "a bearer token is needed, and this is not the one",
                                  .details = {},
                                  .hint = "Authorization: Bearer, and what serve.token_file holds."});
    response.set(http::field::www_authenticate, "Bearer");
    return response;
}

http_response refuse_method(const http_request& request)
{
    auto method = request.method_string();
    auto response =
        answer_error({.status = http::status::method_not_allowed,
                      .code = "PGRST117",
                      .message = fmt::format("{} is not possible here: this is a read-only copy",
                                             std::string_view{method.data(), std::min<std::size_t>(method.size(), 32)}),
                      .details = "The database is the only writer.",
                      .hint = "Write to the database; the copy follows."});
    response.set(http::field::allow, {allowed.data(), allowed.size()});
    return response;
}

http_response answer_options()
{
    auto response = make_response(http::status::no_content, {}, {});
    response.set(http::field::allow, {allowed.data(), allowed.size()});
    return response;
}

}  // namespace

asio::awaitable<http_response> answer(const http_request& request, serving_state& state)
{
    std::string_view target{request.target().data(), request.target().size()};
    auto question = target.find('?');
    auto path = target.substr(0, question);
    auto query = question == target.npos ? std::string_view{} : target.substr(question + 1);
    if (request.method() == http::verb::options) co_return answer_options();
    if (path.empty() || path.front() != '/')
        co_return answer_error(
            {http::status::bad_request, "PGRST125", "Invalid path specified in request URL", {}, {}});
    if (request.method() != http::verb::get && request.method() != http::verb::head) co_return refuse_method(request);
    if (path == "/livez") co_return answer_livez(state);
    if (path == "/readyz") co_return answer_readyz(state);
    if (!may_read(request, state)) co_return refuse_reader();
    if (path == "/fresh") co_return answer_fresh(state, query);
    if (path == "/status.json") co_return answer_status(state);
    if (path == "/metrics") co_return answer_metrics(state);
    if (path == "/") co_return answer_page(state, query);
    auto began = std::chrono::steady_clock::now();
    auto response = co_await answer_table(request, path, query, state);
    state.count_read(response.result_int(), response.body().size(), std::chrono::steady_clock::now() - began);
    co_return response;
}

}  // namespace understudy
