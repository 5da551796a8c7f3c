#include "contract/recording_sink.hpp"

#include <algorithm>

namespace understudy::testing {

void recording_sink::expect(bool held, const char* promise)
{
    if (!held) broken_promises.emplace_back(promise);
}

void recording_sink::accept()
{
    refuse_at_begin = false;
    refuse_at_part = false;
    accepting_ = true;
}

std::size_t recording_sink::changes() const
{
    std::size_t all = 0;
    for (const auto& transaction : transactions) all += transaction.changes;
    return all;
}

// A repeat begins too, and ends without a word: so a begin may follow a begin.
void recording_sink::on_begin(lsn commit_start)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    expect(open_parts == 0, "a large transaction ends before the next one begins");
    ++begun;
    open_ = commit_start;
    if (refuse_at_begin) accepting_ = false;
}

void recording_sink::on_transaction(const committed_transaction& transaction)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    expect(open_.has_value(), "on_begin comes before anything of a transaction");
    check_order(transaction);
    transactions.push_back({open_.value_or(lsn{}), transaction.position, open_changes_ + transaction.changes.size(),
                            open_parts});
    open_.reset();
    open_changes_ = 0;
    open_parts = 0;
}

void recording_sink::check_order(const committed_transaction& transaction)
{
    const auto& position = transaction.position;
    expect(position.position > last_position_, "positions never go back, and no transaction comes twice");
    expect(position.last.end == position.position, "the position is the end of the transaction");
    expect(!open_ || *open_ == position.last.commit, "on_begin names the start of the commit");
    expect(position.last.commit < position.last.end, "a commit ends after it starts");
    bool has_rows = open_changes_ + transaction.changes.size() != 0;
    expect(has_rows == !transaction.touched.empty(), "touched names the tables of the changes");
    last_position_ = position.position;
}

void recording_sink::on_large_part(change_batch part)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    expect(open_.has_value(), "on_begin comes before anything of a transaction");
    expect(!part.empty(), "a part has changes");
    ++open_parts;
    open_changes_ += part.size();
    if (refuse_at_part) accepting_ = false;
}

void recording_sink::on_large_abandoned()
{
    expect(open_parts != 0, "only an open large transaction is abandoned");
    ++abandoned;
    open_.reset();
    open_parts = 0;
    open_changes_ = 0;
}

void recording_sink::on_reached(lsn position)
{
    expect(open_parts == 0, "on_reached comes between transactions only");
    reached = std::max(reached, position);
}

}  // namespace understudy::testing
