#pragma once

#include "core/error.hpp"
#include "decode/debezium.hpp"
#include "source/kafka/description.hpp"
#include "source/kafka/record.hpp"
#include "source/kafka/topics.hpp"
#include "source/kafka/value_text.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace understudy::kafka {

/// What a message's schemas tell of its table, as `understudy describe` would. It has no oid, and no columns left out.
/// Pure. Errors: bad_text for what is no schema of a row; over_limit.
outcome<described_table> table_told_by(const debezium::event& said, const table_name& name,
                                       const debezium::encodings& settings);

/// Finds out of records of one topic the newest that tells by its schemas what the table is: by its commit, or else by the
/// time that Kafka has for it. Pure; one thread.
class schema_finder {
public:
    schema_finder(asked_topic wanted, debezium::encodings settings);

    void take(const record& what);

    bool has_found() const noexcept { return found_.has_value(); }
    const asked_topic& wanted() const noexcept { return wanted_; }

    /// Of the newest record that was taken. Errors: columns_unknown when no record tells, saying what they lack and what to
    /// do; those of table_told_by.
    outcome<described_table> found() const;

private:
    /// When a record was made; of two with the same commit, the later one.
    struct record_time {
        std::int64_t commit_us = 0;
        std::int64_t offset = 0;
        friend auto operator<=>(const record_time&, const record_time&) = default;
    };

    bool tells(const record& what);
    void note(std::optional<std::string>& where, const record& what);
    table_name name_in(const debezium::event& said) const;

    asked_topic wanted_;
    debezium::encodings settings_;
    debezium::event_reader events_;
    std::uint64_t records_ = 0;
    std::optional<std::string> unreadable_;  // why, and where, of the last one
    std::optional<std::string> without_schema_;
    std::optional<std::string> without_key_schema_;
    record_time newest_;
    std::optional<outcome<described_table>> found_;
    std::uint64_t row_schema_ = 0;  // the numbers of those that found_ is made of
    std::uint64_t key_schema_ = 0;
};

}  // namespace understudy::kafka
