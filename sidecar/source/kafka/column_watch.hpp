#pragma once

#include "core/error.hpp"
#include "decode/debezium.hpp"
#include "decode/tuple_column.hpp"
#include "source/kafka/places.hpp"
#include "source/kafka/row_decoder.hpp"
#include "source/kafka/topics.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::kafka {

/// Whether the messages of a topic have the columns and types that its table is read with. What only makes its rows doubtful is
/// noted at the table's place. Each of the first three returns what is wrong with the message, for people. Pure.
class column_watch {
public:
    /// Both must outlive it.
    column_watch(const topic_table& table, table_place& place);

    /// Whether a message was there when reading began: then its columns and types may be those of long ago.
    enum class age { was_there, is_new };

    /// The types that the schemas of a message tell, if it has any and it was messages that told those of the table.
    std::optional<std::string> why_other_types(const debezium::event& event, age how_old);

    /// The columns of a row that was decoded. In what was there when reading began others are no surprise, if the newest row
    /// has those that are known: see why_newest_differs.
    std::optional<std::string> why_other_columns(const debezium::event& event, const debezium::row_decoder& row,
                                                 age how_old);

    /// Debezium 3.7, after a blocking snapshot, takes a change's values as if the server sent generated columns, too, and so
    /// each stands under the column before its own (seen). Columns that are left out tell: they are there where they were not, with
    /// the next one's value, or null where that is of another type.
    std::optional<std::string> why_mixed_up(const debezium::event& event);

    /// How the newest row that was seen differs.
    std::optional<std::string> why_newest_differs() const;

    /// Whether the connector's converter writes the default where a null is: streamed events tell, or a null that came as
    /// one. Until then it may be either.
    void note_nulls(const debezium::event& event, std::span<const tuple_column> values);

    /// The decoded row's values. A column that was added later is null in a row from before, if it can be. One that was renamed
    /// may stand in it under its former name, and so is not known. Borrowed until the next call or row.
    std::span<const tuple_column> values_of(const debezium::row_decoder& row);

private:
    void note_in_snapshot(const std::string& name, const debezium::source_block& source);
    void note_absent(const std::string& name, const debezium::source_block& source);
    std::optional<std::string> why_unexpected(const std::string& name) const;
    bool is_generated(const std::string& name) const noexcept;

    const topic_table& table_;
    table_place& place_;
    bool may_hide_nulls_ = false;   ///< Behind defaults.
    std::uint64_t row_schema_ = 0;  ///< Numbers of the schemas that were compared last.
    std::uint64_t key_schema_ = 0;
    std::vector<tuple_column> filled_;
};

}  // namespace understudy::kafka
