#include "contract/recording_sink.hpp"

#include <algorithm>
#include <utility>

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

std::vector<operation> recording_sink::changes() const
{
    std::vector<operation> all;
    for (const auto& transaction : transactions)
        all.insert(all.end(), transaction.changes.begin(), transaction.changes.end());
    return all;
}

void recording_sink::take(const change_batch& changes)
{
    for (std::size_t i = 0; i < changes.size(); ++i) open_changes_.push_back(changes[i].what);
}

// A transaction that comes again after a start begins too, and ends without a word: so a begin may follow a begin.
void recording_sink::on_begin(lsn commit_start)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    expect(open_parts == 0, "a large transaction ends before the next one begins");
    ++begun;
    begun_at_ = commit_start;
    if (refuse_at_begin) accepting_ = false;
}

void recording_sink::on_transaction(const committed_transaction& transaction)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    check_position(transaction.position);
    take(transaction.changes);
    expect(open_changes_.empty() == transaction.touched.empty(), "touched names the tables of the changes");
    transactions.push_back({transaction.position, std::exchange(open_changes_, {}), std::exchange(open_parts, 0)});
    begun_at_.reset();
}

void recording_sink::check_position(const stored_position& position)
{
    expect(begun_at_ == position.last.commit, "on_begin comes first and names the start of the commit");
    expect(position.position > last_position_, "positions never go back, and no transaction comes twice");
    expect(position.position == position.last.end, "the position is the end of the transaction");
    expect(position.last.commit < position.last.end, "a commit ends after it starts");
    expect(position.last.commit >= reached, "everything that starts before `reached` was handed out by then");
    last_position_ = position.position;
}

void recording_sink::on_large_part(change_batch part)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    expect(begun_at_.has_value(), "on_begin comes before anything of a transaction");
    expect(!part.empty(), "a part has changes");
    ++open_parts;
    take(part);
    if (refuse_at_part) accepting_ = false;
}

void recording_sink::on_large_abandoned()
{
    expect(open_parts != 0, "only an open large transaction is abandoned");
    ++abandoned;
    begun_at_.reset();
    open_parts = 0;
    open_changes_.clear();
}

void recording_sink::on_reached(lsn position)
{
    expect(accepting_, "nothing is handed out while the sink does not accept");
    expect(open_parts == 0, "on_reached comes between transactions only");
    reached = std::max(reached, position);
}

}  // namespace understudy::testing
