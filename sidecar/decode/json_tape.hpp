#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace understudy {

enum class json_kind : std::uint8_t { null, boolean, number, string, array, object };

/// One value of a tape. The values inside it follow it, each before what is inside of itself.
struct tape_entry {
    std::string_view name;     ///< Of a member of an object; else empty.
    std::string_view text;     ///< Of a string without its escapes; of a number as it was written.
    std::uint32_t extent = 1;  ///< Entries from this one to the next beside it.
    std::uint32_t size = 0;    ///< Of an array or object: the values directly inside it.
    json_kind kind = json_kind::null;
};

/// A value on a tape, borrowed from it; or none, which is what finding nothing gives. As cheap to copy as a pointer.
class json_node {
public:
    /// Walks over the values directly inside of one.
    class iterator {
    public:
        explicit iterator(const tape_entry* at) noexcept : at_{at} {}
        json_node operator*() const noexcept { return json_node{at_}; }
        iterator& operator++() noexcept
        {
            at_ += at_->extent;
            return *this;
        }
        friend bool operator==(iterator, iterator) = default;

    private:
        const tape_entry* at_;
    };

    json_node() = default;
    explicit json_node(const tape_entry* entry) noexcept : entry_{entry} {}

    /// Whether there is a value. Nothing below may be asked of none, but is(), find() and is_present().
    explicit operator bool() const noexcept { return entry_ != nullptr; }

    json_kind kind() const noexcept { return entry_->kind; }
    bool is(json_kind wanted) const noexcept { return entry_ != nullptr && entry_->kind == wanted; }

    /// Whether there is a value that is not null.
    bool is_present() const noexcept { return entry_ != nullptr && entry_->kind != json_kind::null; }

    std::string_view name() const noexcept { return entry_->name; }

    /// Of a string, without its escapes; of a number, its literal; `true` and `false`; else empty.
    std::string_view text() const noexcept { return entry_->text; }

    std::size_t size() const noexcept { return entry_->size; }
    iterator begin() const noexcept { return iterator{entry_ + 1}; }
    iterator end() const noexcept { return iterator{entry_ + entry_->extent}; }

    /// The first member of an object with this name; none if this is no object, too.
    json_node find(std::string_view name) const noexcept;

    friend bool operator==(json_node, json_node) = default;

private:
    const tape_entry* entry_ = nullptr;
};

/// Reads JSON texts (RFC 8259), one after the other, into a flat list of their values. Keeps its memory between texts,
/// but for that of an unusually long one.
class json_tape {
public:
    json_tape();
    ~json_tape();
    json_tape(json_tape&&) noexcept;
    json_tape& operator=(json_tape&&) noexcept;

    /// Reads the whole of `text`, of which nodes borrow what has no escapes; the rest they borrow from the tape.
    ///
    /// Errors: bad_text unless it is one JSON value in UTF-8, also for a zero character, which no text of Postgres
    /// has; over_limit for nesting deeper than limits::nesting_max or more than limits::json_values_max values.
    error_code read(std::string_view text);

    /// The same, but not from what is known of the texts before: names without escapes are borrowed from the text, too.
    error_code parse(std::string_view text);

    /// The outermost value of the text read last, if that was right. Borrowed until the next read.
    json_node root() const noexcept;

private:
    struct reader;
    std::unique_ptr<reader> reader_;
};

}  // namespace understudy
