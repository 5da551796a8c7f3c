#pragma once

#include "core/error.hpp"
#include "decode/debezium.hpp"
#include "decode/tuple_column.hpp"
#include "source/kafka/value_text.hpp"
#include "source/mirrored_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::debezium {

/// Turns the rows and keys in one table's messages into values in the order of its stored columns, for row_builder.
/// Keeps its buffers, and the order in which members came last: the usual message costs no look-ups.
///
/// Of a message that lacks columns, or has members that are none, it says which: whether that is an old message, a
/// new column or a mistake is for the caller to decide. Event-loop thread only.
class row_decoder {
public:
    /// Where the table's types are known from. Only with those of schemas can the schema of a message be compared.
    enum class types_from : std::uint8_t { catalog, schemas };

    /// The table and the catalog must outlive it. Errors: as value_text::compile, with the column's name.
    static outcome<row_decoder> compile(const mirrored_table& table, const type_catalog& types, encodings settings,
                                        types_from origin = types_from::catalog);

    /// Reads values as the schemas in a message say, where it has them, until the next call. Call it for each event
    /// before the others: it compares two numbers while nothing changes.
    /// Errors: as value_text::compile, with the column's name.
    outcome<void> follow(const event& said);

    /// Decodes event::row, or event::before, which has to be there.
    ///
    /// A value that was sent when its column had another type, of other JSON, is unchanged: what it has become is not known.
    /// Columns of the key are read as they are.
    ///
    /// Errors: bad_text for a value that its column's encoding does not write, and for a name that comes twice;
    /// over_limit. wrong() says which.
    error_code decode_row(const event& said);
    error_code decode_before(const event& said);

    /// Decodes event::key; columns that it does not have are null. A key that is one value is that of the table's one key
    /// column. Errors: as decode_row; column_mismatch if a column of the table's key is not in it, or if there is no key.
    error_code decode_key(const event& said);

    /// What was decoded last, a value for each stored column; a missing one is unchanged in a row. Borrowed from the
    /// message and from here, until the next decode.
    std::span<const tuple_column> values() const noexcept { return values_; }

    /// Stored columns that the row did not have, by position. Of a key: none.
    std::span<const std::uint16_t> missing() const noexcept { return missing_; }

    /// Columns of the row had other types when it was sent.
    bool has_former_types() const noexcept { return row_texts_.has_former_types; }

    /// The first member that is no column of the table, neither a stored nor a left out one; empty if there is none.
    std::string_view unknown_member() const noexcept { return unknown_; }

    /// After an error: one line for people, without row data.
    const std::string& wrong() const noexcept { return wrong_; }

private:
    struct column_texts {
        std::vector<std::optional<value_text>> of;  ///< Of each column; none if it is sent in another type.
        bool has_former_types = false;
    };

    /// What a member of a message is: a stored column's position, or one of these.
    static constexpr std::size_t left_out = std::size_t(-1);
    static constexpr std::size_t unknown = std::size_t(-2);

    /// A member of the message before, by its place in it.
    struct known_member {
        std::string name;
        std::size_t column = unknown;
    };
    using member_order = std::vector<known_member>;

    row_decoder(const mirrored_table& table, const type_catalog& types, encodings settings, types_from origin);

    outcome<void> follow(json_node schema, std::uint64_t number, std::uint64_t& followed, types_from origin,
                         column_texts& texts) const;
    outcome<void> compile_texts(json_node schema, types_from origin, column_texts& texts) const;
    void begin() noexcept;
    error_code decode_whole(json_node row, const event& said);
    error_code decode(json_node object, const event& said, const column_texts& texts, member_order& order);
    error_code decode_lone(json_node value);
    json_node schema_of(json_node schema, std::size_t column) const noexcept;
    error_code take(json_node member, std::size_t column, const column_texts& texts);
    std::size_t column_of(std::string_view name, std::size_t place, const event& said, member_order& order) const;
    std::size_t look_up(std::string_view name, const event& said) const noexcept;
    void note_missing();
    bool is_key(std::size_t column) const noexcept;
    error_code check_key(json_node key);
    error_code refuse(errc code, std::string_view name, std::string_view what);

    const mirrored_table* table_;
    const type_catalog* types_;
    encodings settings_;
    types_from origin_;

    column_texts row_texts_;
    column_texts key_texts_;
    std::uint64_t row_schema_ = 0;  ///< The numbers of the schemas that they are compiled with; zero for none.
    std::uint64_t key_schema_ = 0;
    member_order row_order_;
    member_order key_order_;

    tuple values_;
    std::vector<std::string> scratch_;  ///< Of each column, for values_ to borrow from.
    std::vector<std::uint64_t> seen_;   ///< The round in which each column came last.
    std::uint64_t round_ = 0;
    std::size_t found_ = 0;  ///< Columns that came in this round.
    std::vector<std::uint16_t> missing_;
    std::string_view unknown_;
    std::string wrong_;
};

}  // namespace understudy::debezium
