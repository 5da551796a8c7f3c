#include "serve/row_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

using enum filter_operator;

enum class truth { no, unknown, yes };

truth of(bool value) noexcept
{
    return value ? truth::yes : truth::no;
}

truth opposite(truth value) noexcept
{
    return static_cast<truth>(2 - static_cast<int>(value));
}

bool is_test(filter_operator what) noexcept
{
    return what == is_null || what == is_not_null || what == is_true || what == is_false || what == is_unknown;
}

bool is_like(filter_operator what) noexcept
{
    return what == like || what == ilike;
}

bool needs_order(filter_operator what) noexcept
{
    return what == gt || what == gte || what == lt || what == lte;
}

read_error no_operator(const row_field& field, filter_operator what)
{
    return {.status = http::status::bad_request,
            .code = "42883",
            .message = fmt::format("operator {} does not exist for {}, which is {}", name_of(what), field.text(),
                                   field.kind()->type_name()),
            .details = {},
            .hint = {}};
}

read_error not_boolean(const row_field& field)
{
    return {.status = http::status::bad_request,
            .code = "42804",
            .message =
                fmt::format("is.true, is.false and is.unknown apply to boolean columns, and {} is none", field.text()),
            .details = {},
            .hint = {}};
}

read_error too_much_matching(const row_field& field)
{
    return {.status = http::status::bad_request,
            .code = "UNDERSTUDY_OVER_LIMIT",
            .message = fmt::format("a value of {} is too long for this pattern", field.text()),
            .details = {},
            .hint = "Use fewer % and _ in it."};
}

/// Behind every key that begins with `key`: null, the greatest first byte of a value, is in no key.
std::string behind(const std::string& key)
{
    return key + '\xFF';
}

}  // namespace

class row_filter::binder {
public:
    explicit binder(const served_table& table) : table_{table} {}

    read_result<bound_group> bind(const filter_group& from)
    {
        bound_group made{.negated = from.negated, .any = from.any};
        for (const auto& branch : from.branches) {
            if (const auto* group = std::get_if<filter_group>(&branch)) {
                auto bound = bind(*group);
                if (!bound) return bound.error();
                made.groups.push_back(std::move(*bound));
            } else {
                auto bound = bind(std::get<condition>(branch));
                if (!bound) return bound.error();
                made.conditions.push_back(std::move(*bound));
            }
        }
        return made;
    }

    std::size_t columns() const noexcept { return columns_; }

private:
    read_result<bound_condition> bind(const condition& from)
    {
        auto field = row_field::bind(from.field, table_);
        if (!field) return field.error();
        columns_ = std::max(columns_, field->column() + 1);
        bound_condition made{.field = std::move(*field), .negated = from.negated, .what = from.what};
        if (auto allowed = check(made); !allowed) return allowed.error();
        if (is_like(from.what)) return with_pattern(std::move(made), from.values.front());
        for (const auto& value : from.values) {
            auto key = made.field.kind()->key_of_literal(value);
            if (!key) return key.error();
            made.keys.push_back(std::move(*key));
        }
        std::sort(made.keys.begin(), made.keys.end());
        return made;
    }

    static read_result<void> check(const bound_condition& made)
    {
        const auto* kind = made.field.kind();
        if (made.what == is_null || made.what == is_not_null) return {};
        if (is_test(made.what))
            return kind != nullptr && kind->is_boolean() ? read_result<void>{} : not_boolean(made.field);
        if (kind == nullptr)
            return not_supported(
                fmt::format("comparing values of {}", made.field.text()),
                "Only is.null and is.not_null apply to a column of this type; ->> gives text of json.");
        if (is_like(made.what) && !kind->is_text()) return no_operator(made.field, made.what);
        if (needs_order(made.what) && !kind->has_order())
            return not_supported(fmt::format("the order of the enum {}", made.field.text()),
                                 "The snapshot does not hold it. Use eq, neq or in.");
        return {};
    }

    // In a URL `*` stands for `%`, as PostgREST has it.
    static read_result<bound_condition> with_pattern(bound_condition made, std::string pattern)
    {
        std::replace(pattern.begin(), pattern.end(), '*', '%');
        auto letters = made.what == ilike ? like_pattern::letters::any_case : like_pattern::letters::as_they_are;
        made.pattern = std::make_shared<const like_pattern>(pattern, letters);
        if (made.pattern->ends_in_escape())
            return read_error{.status = http::status::bad_request,
                              .code = "22025",
                              .message = "LIKE pattern must not end with escape character",
                              .details = {},
                              .hint = {}};
        return made;
    }

    const served_table& table_;
    std::size_t columns_ = 0;
};

/// Of one row.
class row_filter::evaluation {
public:
    explicit evaluation(const row_values& row) : row_{row} {}

    truth evaluate(const bound_group& group)
    {
        auto decisive = group.any ? truth::yes : truth::no;
        auto result = opposite(decisive);
        auto take = [&](truth value) {
            result = group.any ? std::max(result, value) : std::min(result, value);
            return result == decisive;
        };
        for (const auto& condition : group.conditions)
            if (take(evaluate(condition))) break;
        for (const auto& inner : group.groups) {
            if (result == decisive) break;
            take(evaluate(inner));
        }
        return group.negated ? opposite(result) : result;
    }

    /// Where the result cannot be relied on.
    std::optional<read_error> error() const
    {
        if (damaged_ != nullptr) return damaged_value(*damaged_);
        if (endless_ != nullptr) return too_much_matching(*endless_);
        return std::nullopt;
    }

private:
    truth evaluate(const bound_condition& condition)
    {
        auto result = is_test(condition.what) ? test(condition) : compare(condition);
        return condition.negated ? opposite(result) : result;
    }

    truth test(const bound_condition& condition)
    {
        bool null = condition.field.is_null(row_);
        if (condition.what == is_null || condition.what == is_unknown) return of(null);
        if (condition.what == is_not_null || null) return of(condition.what == is_not_null && !null);
        return of((row_[condition.field.column()] == "true") == (condition.what == is_true));
    }

    truth compare(const bound_condition& condition)
    {
        value_.clear();
        auto found =
            condition.pattern ? condition.field.append_text(row_, value_) : condition.field.append_key(row_, value_);
        if (found == row_field::found::damaged) damaged_ = &condition.field;
        // `in ()` has nothing to compare with, so not even a null is unknown.
        if (condition.what == in && condition.keys.empty()) return truth::no;
        if (found != row_field::found::value) return truth::unknown;
        if (condition.pattern) return match(condition);
        if (condition.what == in) return of(std::binary_search(condition.keys.begin(), condition.keys.end(), value_));
        auto order = value_.compare(condition.keys.front());
        switch (condition.what) {
        case eq: return of(order == 0);
        case neq: return of(order != 0);
        case gt: return of(order > 0);
        case gte: return of(order >= 0);
        case lt: return of(order < 0);
        default: return of(order <= 0);
        }
    }

    truth match(const bound_condition& condition)
    {
        auto matches = condition.pattern->matches(value_);
        if (!matches) endless_ = &condition.field;
        return matches ? of(*matches) : truth::unknown;
    }

    const row_values& row_;
    std::string value_;
    const row_field* damaged_ = nullptr;
    const row_field* endless_ = nullptr;
};

read_result<row_filter> row_filter::bind(const filter_group& filter, const served_table& table)
{
    binder binding{table};
    auto root = binding.bind(filter);
    if (!root) return root.error();
    row_filter made;
    made.root_ = std::move(*root);
    made.columns_ = binding.columns();
    return made;
}

read_result<bool> row_filter::chooses(const row_values& row) const
{
    evaluation now{row};
    auto result = now.evaluate(root_);
    if (auto error = now.error()) return std::move(*error);
    return result == truth::yes;
}

/// A condition of the top level, which every chosen row meets, on a whole column.
const row_filter::bound_condition* row_filter::plain_condition(std::size_t column,
                                                               std::initializer_list<filter_operator> of) const noexcept
{
    if (root_.any || root_.negated) return nullptr;
    for (const auto& condition : root_.conditions)
        if (condition.field.column() == column && condition.field.is_whole_column() && !condition.negated &&
            std::find(of.begin(), of.end(), condition.what) != of.end())
            return &condition;
    return nullptr;
}

row_filter::bounds row_filter::key_bounds(const served_table& table) const
{
    bounds made;
    for (auto column : table.key()) {
        if (const auto* equal = plain_condition(column, {eq})) {
            made.low += equal->keys.front();
            made.high += equal->keys.front();
            continue;
        }
        const auto* from = plain_condition(column, {gt, gte});
        const auto* to = plain_condition(column, {lt, lte});
        if (from != nullptr) made.low += from->keys.front();
        if (to != nullptr) made.high += to->keys.front();
        break;
    }
    if (!made.high.empty()) made.high = behind(made.high);
    return made;
}

std::optional<std::vector<std::string>> row_filter::named_keys(const served_table& table) const
{
    if (table.key().size() != 1) return std::nullopt;
    const auto* named = plain_condition(table.key().front(), {eq, in});
    if (named == nullptr) return std::nullopt;
    auto keys = named->keys;
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

}  // namespace understudy
