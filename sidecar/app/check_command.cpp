#include "app/commands.hpp"
#include "app/directory_check.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "core/remedy.hpp"
#include "source/postgres/survey.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>

#include <algorithm>
#include <iostream>

namespace understudy {

namespace json = boost::json;

namespace {

const char* word_for(verdict result) noexcept
{
    switch (result) {
    case verdict::passed: return "ok";
    case verdict::warning: return "WARNING";
    case verdict::failed: return "FAILED";
    }
    return "";
}

asio::awaitable<outcome<std::vector<check_item>>> check_source(const settings& wanted)
{
    auto sql = co_await connect(wanted.postgres, connection_kind::sql);
    if (!sql) co_return sql.error();
    auto found = co_await survey_source(**sql, wanted);
    if (!found) co_return found.error();
    auto items = found->items(wanted.postgres);
    auto replication = co_await connect(wanted.postgres, connection_kind::replication);
    if (replication)
        items.push_back({"replication connection", verdict::passed, "accepted", {}, {}});
    else
        items.push_back({"replication connection", verdict::failed, replication.error().text,
                         "pg_hba.conf needs a line for this database (not `replication`), user and address",
                         replication.error().code});
    co_return std::move(items);
}

outcome<std::vector<check_item>> run_check(const settings& wanted)
{
    outcome<std::vector<check_item>> result = failure{errc::internal, "the check did not end"};
    asio::io_context loop;
    asio::co_spawn(loop, check_source(wanted), [&](std::exception_ptr thrown, outcome<std::vector<check_item>> items) {
        if (thrown) std::rethrow_exception(thrown);
        result = std::move(items);
    });
    loop.run();
    return result;
}

void write_for_people(const std::vector<check_item>& items)
{
    text_table table;
    for (const auto& item : items) {
        table.add({word_for(item.result), item.name, item.text});
        if (!item.remedy.empty()) table.add({"", "", "-> " + item.remedy});
    }
    table.write(std::cout);
}

void write_for_programs(const std::vector<check_item>& items, bool passed)
{
    json::array rows;
    for (const auto& item : items) {
        json::object row{{"name", item.name}, {"result", word_for(item.result)}, {"text", item.text}};
        if (!item.remedy.empty()) row["remedy"] = item.remedy;
        if (item.result == verdict::failed) row["reason"] = name_of(item.reason);
        rows.push_back(std::move(row));
    }
    write_json(std::cout, json::object{{"passed", passed}, {"items", std::move(rows)}});
}

}  // namespace

int check_command(const command_options& options)
{
    auto config = load_for_command(options);
    if (!config) return 2;
    const auto& wanted = config->values;
    auto items = check_directories(wanted);
    auto source = run_check(wanted);
    if (source)
        items.insert(items.end(), source->begin(), source->end());
    else
        items.push_back({"connection", verdict::failed, source.error().text, "see source.postgres.connection in the config",
                         source.error().code});
    bool passed = std::none_of(items.begin(), items.end(), [](auto& item) { return item.result == verdict::failed; });
    if (options.json)
        write_for_programs(items, passed);
    else
        write_for_people(items);
    if (!source) return finish_output(exit_status_for(source.error().code));
    return finish_output(passed ? 0 : 1);
}

}  // namespace understudy
