#pragma once

#include "source/stream_sink.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

/// A transaction as the sink got it.
struct received_transaction {
    stored_position position;
    std::vector<operation> changes;  ///< Of all parts.
    std::size_t parts = 0;           ///< Before the last one.
};

/// Notes what a source hands out and every promise of stream_sink.hpp that it breaks.
class recording_sink final : public stream_sink {
public:
    std::vector<received_transaction> transactions;
    std::size_t begun = 0;
    std::size_t abandoned = 0;
    std::size_t open_parts = 0;  ///< Of the large transaction that is open.
    lsn reached;
    std::vector<std::string> broken_promises;

    /// Takes nothing more from the next begin, or the next part, on, until accept().
    bool refuse_at_begin = false;
    bool refuse_at_part = false;
    void accept();

    /// The changes of every transaction that has ended.
    std::vector<operation> changes() const;

    bool accepts() const noexcept override { return accepting_; }
    void on_begin(lsn commit_start) override;
    void on_transaction(const committed_transaction& transaction) override;
    void on_large_part(change_batch part) override;
    void on_large_abandoned() override;
    void on_reached(lsn position) override;

private:
    void expect(bool held, const char* promise);
    void check_position(const stored_position& position);
    void take(const change_batch& changes);

    bool accepting_ = true;
    std::optional<lsn> begun_at_;  ///< Between on_begin and the transaction's end.
    std::vector<operation> open_changes_;
    lsn last_position_;
};

}  // namespace understudy::testing
