#include "store/row_index.hpp"

#include "core/row_tuple.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace understudy {

namespace {

// index  := epoch "." matched "." column ("," column)*
// column := place ":" type ("-" when it descends)?

template <class Number>
bool take_number(std::string_view& text, Number& number) noexcept
{
    auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return true;
}

bool take(std::string_view& text, char byte) noexcept
{
    if (!text.starts_with(byte)) return false;
    text.remove_prefix(1);
    return true;
}

bool take_column(std::string_view& text, index_column& column) noexcept
{
    if (!take_number(text, column.place) || !take(text, ':') || !take_number(text, column.type)) return false;
    column.descending = take(text, '-');
    return true;
}

/// The columns' fragments in the order of the index; an empty one is a null. False if the tuple lacks one.
bool pick(std::string_view tuple, const std::vector<index_column>& columns, std::vector<std::string_view>& fragments)
{
    std::size_t found = 0;
    tuple_reader reader{tuple};
    for (std::size_t place = 0; auto field = reader.next(); ++place)
        for (std::size_t at = 0; at < columns.size(); ++at) {
            if (columns[at].place != place) continue;
            fragments[at] = field->what == tuple_field::kind::null ? std::string_view{} : field->fragment;
            ++found;
        }
    return reader.ok() && found == columns.size();
}

}  // namespace

std::string to_string(const row_index& index)
{
    auto text = fmt::format("{}.{}.", index.rows, index.matched);
    const char* comma = "";
    for (const auto& column : index.columns) {
        text += fmt::format("{}{}:{}{}", comma, column.place, column.type, column.descending ? "-" : "");
        comma = ",";
    }
    return text;
}

std::optional<row_index> parse_row_index(std::string_view text)
{
    row_index index;
    if (!take_number(text, index.rows) || !take(text, '.')) return std::nullopt;
    if (!take_number(text, index.matched) || !take(text, '.')) return std::nullopt;
    do {
        if (!take_column(text, index.columns.emplace_back())) return std::nullopt;
    } while (take(text, ','));
    bool whole = text.empty() && index.matched >= 1 && index.matched <= index.columns.size();
    return whole ? std::optional{std::move(index)} : std::nullopt;
}

index_key_maker::index_key_maker(const row_index& index) : index_{index}, fragments_(index.columns.size())
{
    for (const auto& column : index.columns) formats_.emplace_back(column.type);
}

// No value's bytes are a prefix of another's, so turning every bit turns the order, that of null too: it comes last,
// and first when descending, as in Postgres.
result<index_key_maker::place> index_key_maker::make(std::string_view tuple, std::string& key)
{
    key.clear();
    if (!pick(tuple, index_.columns, fragments_)) return make_error_code(errc::store_damaged);
    for (std::size_t at = 0; at < fragments_.size(); ++at) {
        bool is_null = fragments_[at].empty();
        if (is_null && at < index_.matched) return place::left_out;
        auto start = key.size();
        if (is_null)
            column_format::append_null_key(key);
        else if (formats_[at].append(fragments_[at], key))
            return make_error_code(errc::store_damaged);
        if (index_.columns[at].descending)
            std::transform(key.begin() + static_cast<std::ptrdiff_t>(start), key.end(),
                           key.begin() + static_cast<std::ptrdiff_t>(start),
                           [](char byte) { return static_cast<char>(~byte); });
    }
    return place::inside;
}

}  // namespace understudy
