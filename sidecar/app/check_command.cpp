#include "app/commands.hpp"
#include "app/directory_check.hpp"
#include "app/kafka_check.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/run_alone.hpp"
#include "core/remedy.hpp"
#include "publish/document_plan.hpp"
#include "source/postgres/survey.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

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

bool says(const failure& why, std::string_view text)
{
    return why.text.find(text) != why.text.npos;
}

// The server's text alone tells these apart; the reason is one for all of them.
const char* remedy_for_connection(const failure& why)
{
    if (says(why, "no pg_hba.conf entry"))
        return "add a line for this database (not `replication`), role and address to pg_hba.conf, as in `host  shop  understudy  "
               "10.0.0.0/8  scram-sha-256`, and type: SELECT pg_reload_conf();";
    if (says(why, "no password supplied"))
        return "put the password into a passfile that belongs to our user, mode 0600, and its path into the connection (passfile=...)";
    if (says(why, "password authentication failed"))
        return "correct the password in the passfile or the connection_file";
    if (says(why, "database \"")) return "correct dbname in source.postgres.connection, or create the database";
    if (says(why, "role \"")) return "as a superuser: CREATE ROLE understudy LOGIN REPLICATION PASSWORD '...';";
    if (says(why, "superuser or replication role") || says(why, "to start WAL sender"))
        return "as a superuser: ALTER ROLE understudy REPLICATION; (with the name of our role)";
    return "see source.postgres.connection in the config";
}

// What the settings say of columns shows only beside the tables.
check_item check_documents(const settings& wanted, const survey& found)
{
    std::vector<table_record> records;
    for (const auto& facts : found.tables.tables)
        if (auto table = plan_table(facts, found.types)) records.push_back(table->record);
    auto plans = plan_documents(wanted.documents, records);
    if (plans) return {"documents", verdict::passed, fmt::format("{} document(s) can be made", plans->size()), {}, {}};
    return {"documents", verdict::failed, plans.error().text, "correct `documents` in the config", plans.error().code};
}

asio::awaitable<outcome<std::vector<check_item>>> check_source(const settings& wanted)
{
    auto sql = co_await connect(wanted.postgres, connection_kind::sql);
    if (!sql) co_return sql.error();
    auto found = co_await survey_source(**sql, wanted);
    if (!found)
        co_return std::vector<check_item>{{"catalog", verdict::failed, found.error().text, {}, found.error().code}};
    auto items = found->items(wanted.postgres);
    items.push_back(check_documents(wanted, *found));
    auto replication = co_await connect(wanted.postgres, connection_kind::replication);
    if (replication)
        items.push_back({"replication connection", verdict::passed, "accepted", {}, {}});
    else
        items.push_back({"replication connection", verdict::failed, replication.error().text,
                         remedy_for_connection(replication.error()), replication.error().code});
    co_return std::move(items);
}

outcome<std::vector<check_item>> check_topics(const settings& wanted)
{
    return check_kafka(wanted);
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
    auto config = load_for_command(options, secrets::needed);
    if (!config) return 2;
    const auto& wanted = config->values;
    auto items = check_directories(wanted);
    auto source = wanted.kafka.is_on() ? check_topics(wanted) : run_alone(check_source(wanted));
    if (source)
        items.insert(items.end(), source->begin(), source->end());
    else
        items.push_back({"connection", verdict::failed, source.error().text, remedy_for_connection(source.error()),
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
