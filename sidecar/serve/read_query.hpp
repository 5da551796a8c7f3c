#pragma once

#include "serve/read_error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace understudy {

// What a reader asks for, in the part of PostgREST's grammar that we answer. Nothing here knows a table.
// https://docs.postgrest.org/en/stable/references/api/tables_views.html
//
//   query      := parameter ("&" parameter)*        names and values percent-encoded, "+" a space
//   parameter  := "select=" item ("," item)* | "order=" term ("," term)* | "limit=" n | "offset=" n
//               | logic-name "=" tree | field "=" condition
//   item       := "*" | (name ":")? field
//   field      := name (arrow step)*                arrow is "->", or "->>" for the last one
//   term       := field ("." "asc" | "." "desc")? ("." "nullsfirst" | "." "nullslast")?
//   condition  := ("not.")? operator "." value
//   logic-name := ("not.")? ("and" | "or")
//   tree       := "(" branch ("," branch)* ")"
//   branch     := logic-name tree | field "." condition

/// A member or an element of a json value.
struct json_step {
    std::string key;
    std::optional<std::int64_t> index;  ///< Of an array, from the end if negative; then `key` is its digits.
    friend bool operator==(const json_step&, const json_step&) = default;
};

/// A column, or what is at a place inside a json column.
struct field_ref {
    std::string column;
    std::vector<json_step> path;
    bool as_text = false;  ///< The last arrow is `->>`.
    friend bool operator==(const field_ref&, const field_ref&) = default;
};

enum class filter_operator {
    eq,
    neq,
    gt,
    gte,
    lt,
    lte,
    like,
    ilike,
    in,
    is_null,
    is_not_null,
    is_true,
    is_false,
    is_unknown
};

const char* name_of(filter_operator what) noexcept;

struct condition {
    field_ref field;
    bool negated = false;
    filter_operator what = filter_operator::eq;
    std::vector<std::string> values;  ///< One; of `in` any number; of `is` none.
    friend bool operator==(const condition&, const condition&) = default;
};

/// All or any of its branches.
struct filter_group {
    bool negated = false;
    bool any = false;
    std::vector<std::variant<condition, filter_group>> branches;
    friend bool operator==(const filter_group&, const filter_group&) = default;
};

struct selected_field {
    field_ref field;
    std::string name;      ///< Of the member.
    bool is_star = false;  ///< Every column; the rest is empty.
    friend bool operator==(const selected_field&, const selected_field&) = default;
};

struct order_term {
    field_ref field;
    bool descending = false;
    bool nulls_first = false;  ///< As Postgres has it if nothing is said: last, and first when descending.
    friend bool operator==(const order_term&, const order_term&) = default;
};

struct read_query {
    std::vector<selected_field> select;  ///< Empty: every column.
    filter_group filter;                 ///< All of them.
    std::vector<order_term> order;
    std::optional<std::uint64_t> limit;
    std::uint64_t offset = 0;
    friend bool operator==(const read_query&, const read_query&) = default;
};

/// The parameters of a URL's query in their order, decoded. Errors: 400 for a bad escape, bytes that are not UTF-8, or too
/// many of them.
read_result<std::vector<std::pair<std::string, std::string>>> parse_parameters(std::string_view query);

/// One percent-encoded part of a path. Errors: as above.
read_result<std::string> decode_path_part(std::string_view text);

/// Errors: 400, naming the parameter, what was found and what was expected; what PostgREST has and we do not, by name.
read_result<read_query> parse_query(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace understudy
