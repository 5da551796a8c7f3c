#include "integration/data/committed_states.hpp"

#include "integration/data/mirror.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>

namespace understudy::testing {

namespace {

constexpr auto marker = "test.marker";

std::int64_t count_in(const member_rows& rows)
{
    return boost::json::parse(rows.at(marker).at(0)).at("count").as_int64();
}

}  // namespace

committed_states::committed_states(mirror& source, std::vector<std::string> members)
    : source_{source}, members_{std::move(members)}
{
    source_.exec("SET TimeZone = 'UTC'");
    commit("");
}

bool committed_states::is_ours(const std::string& member) const
{
    return member == marker || std::find(members_.begin(), members_.end(), member) != members_.end();
}

member_rows committed_states::read()
{
    member_rows members;
    for (const auto& table : source_.all_tables()) {
        if (!is_ours(table.member)) continue;
        auto& rows = members[table.member];
        for (auto& row :
             source_.session().query("SELECT to_json(t.*)::text FROM (SELECT * FROM " + table.table + ") t"))
            rows.push_back(row[0].value());
        std::sort(rows.begin(), rows.end());
    }
    return members;
}

void committed_states::commit(const std::string& statements)
{
    source_.exec("BEGIN");
    if (!statements.empty()) source_.exec(statements);
    source_.mark();
    auto state = read();
    {
        // Known before anybody can see it.
        std::lock_guard lock{mutex_};
        auto count = count_in(state);
        state.erase(marker);
        states_.insert_or_assign(count, std::move(state));
    }
    source_.exec("COMMIT");
}

std::string committed_states::check(const published_document& document) const
{
    auto found = document.rows;
    std::erase_if(found, [&](const auto& member) { return !is_ours(member.first); });
    found.erase(marker);
    auto count = count_in(document.rows);
    std::lock_guard lock{mutex_};
    auto after = states_.upper_bound(count);
    if (after == states_.begin()) return {};  // from before the first
    auto report = difference(std::prev(after)->second, found);
    return report.empty() ? report : "at marker " + std::to_string(count) + ":\n" + report;
}

}  // namespace understudy::testing
