#pragma once

#include "source/stream_sink.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

/// A transaction as the sink got it.
struct received_transaction {
    lsn begun;                 ///< Of its on_begin.
    stored_position position;
    std::size_t changes = 0;   ///< Of all parts.
    std::size_t parts = 0;     ///< Before the last one.
};

/// Notes what a source hands out and every promise of stream_sink.hpp that it breaks.
class recording_sink final : public stream_sink {
public:
    std::vector<received_transaction> transactions;
    std::size_t begun = 0;
    std::size_t abandoned = 0;
    std::size_t open_parts = 0;              ///< Of the large transaction that is open.
    lsn reached;
    std::vector<std::string> broken_promises;

    /// Takes nothing more from the next begin, or the next part, on.
    bool refuse_at_begin = false;
    bool refuse_at_part = false;

    void accept();
    std::size_t changes() const;

    bool accepts() const noexcept override { return accepting_; }
    void on_begin(lsn commit_start) override;
    void on_transaction(const committed_transaction& transaction) override;
    void on_large_part(change_batch part) override;
    void on_large_abandoned() override;
    void on_reached(lsn position) override;

private:
    void expect(bool held, const char* promise);
    void check_order(const committed_transaction& transaction);

    bool accepting_ = true;
    std::optional<lsn> open_;                ///< Between on_begin and the transaction's end.
    std::size_t open_changes_ = 0;
    lsn last_position_;
};

}  // namespace understudy::testing
