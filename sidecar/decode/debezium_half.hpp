#pragma once

#include "core/error.hpp"
#include "decode/debezium.hpp"
#include "decode/json_tape.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::debezium {

/// Reads one half of a message, and keeps its schema. The schema is the bulk of a message that has one, and the same
/// for all messages until the table changes: then only what is behind it is read.
class half_reader {
public:
    /// `wrong` is where an error's line goes.
    half_reader(side which, std::string& wrong) noexcept : which_{which}, wrong_{wrong} {}

    /// Errors: as event_reader::read.
    error_code read(std::string_view text);

    /// For a half that is not there.
    void read_none() noexcept;

    /// None for null, too. Borrowed until the next read, as the schema is.
    json_node payload() const noexcept { return payload_.is_present() ? payload_ : json_node{}; }
    json_node schema() const noexcept { return schema_; }

    /// Zero without a schema. Differs from the last one if the schema may.
    std::uint64_t schema_number() const noexcept { return number_; }

private:
    error_code check_format(std::string_view text);
    error_code refuse(errc code, std::string_view what);
    void unwrap(std::string_view text);
    bool remember(std::string_view text, std::string_view payload_name);
    bool read_behind_schema(std::string_view text);

    side which_;
    std::string& wrong_;
    json_tape tape_;
    json_node payload_;
    json_node schema_;
    std::uint64_t number_ = 0;
    std::uint64_t numbers_ = 0;  ///< Given out so far.

    std::string known_;  ///< The start of the last text with a schema, ended with a null for a payload.
    std::size_t known_size_ = 0;
    std::uint64_t known_number_ = 0;
    json_tape schema_tape_;  ///< Of known_.
};

}  // namespace understudy::debezium
