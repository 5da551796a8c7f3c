#pragma once

#include "render/column_format.hpp"
#include "render/type_table.hpp"
#include "serve/read_error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace understudy {

/// How the values of a column are compared with each other and with what a reader wrote: as Postgres compares them, text as
/// under COLLATE "C". Only types whose comparison we know have one. Immutable; any thread.
class value_kind {
public:
    /// Of manifest_column::kind. Nothing if values of it cannot be compared here.
    static std::optional<value_kind> find(std::string_view kind);

    /// Postgres' name for the type, e.g. `integer`.
    std::string_view type_name() const noexcept { return type_name_; }

    bool has_order() const noexcept { return family_ != family::label; }  ///< An enum's is not known from its labels.
    bool is_text() const noexcept { return family_ == family::text; }     ///< LIKE applies.
    bool is_boolean() const noexcept { return family_ == family::boolean; }

    /// Key bytes (render/key_bytes.hpp) of a literal, in the forms that Postgres reads and that need no setting: times as
    /// ISO 8601, in UTC if they name no zone. Errors: 400 with Postgres' SQLSTATE and message.
    read_result<std::string> key_of_literal(std::string_view text) const;

    /// Appends the key bytes of a value that is not null, from its JSON. False if it is none of the kind's.
    bool append_key(std::string_view fragment, std::string& key) const;

    /// Appends a value's text. False as above.
    bool append_text(std::string_view fragment, std::string& out) const;

    enum class family { boolean, integer, floating, numeric, text, label, uuid, bytes, date, time, timestamp, lsn };

private:
    value_kind(family what, const builtin_type& type, std::string_view type_name, column_format format)
        : family_{what}, type_{&type}, type_name_{type_name}, format_{std::move(format)}
    {
    }

    family family_;
    const builtin_type* type_;
    std::string_view type_name_;
    column_format format_;
};

}  // namespace understudy
