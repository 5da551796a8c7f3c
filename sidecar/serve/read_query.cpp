#include "serve/read_query.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace understudy {

namespace {

struct operator_name {
    std::string_view name;
    filter_operator what;
};

constexpr std::array operators{
    operator_name{"eq", filter_operator::eq},     operator_name{"neq", filter_operator::neq},
    operator_name{"gte", filter_operator::gte},   operator_name{"gt", filter_operator::gt},
    operator_name{"lte", filter_operator::lte},   operator_name{"lt", filter_operator::lt},
    operator_name{"like", filter_operator::like}, operator_name{"ilike", filter_operator::ilike},
    operator_name{"in", filter_operator::in},
};

constexpr std::array is_values{
    operator_name{"null", filter_operator::is_null},       operator_name{"not_null", filter_operator::is_not_null},
    operator_name{"true", filter_operator::is_true},       operator_name{"false", filter_operator::is_false},
    operator_name{"unknown", filter_operator::is_unknown},
};

constexpr std::array<std::string_view, 17> unsupported_operators{
    "match", "imatch", "isdistinct", "fts", "plfts", "phfts", "wfts", "cs", "cd",
    "ov",    "sl",     "sr",         "nxr", "nxl",   "adj",   "all",  "any"};
constexpr std::string_view operator_names = "an operator: eq, neq, gt, gte, lt, lte, like, ilike, in, is, with or "
                                            "without `not.`";

bool is_name_byte(char byte) noexcept
{
    auto code = static_cast<unsigned char>(byte);
    return std::isalnum(code) || byte == '_' || byte == ' ' || byte == '$' || code >= 0x80;
}

std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text)
{
    std::string made{text};
    for (auto& byte : made)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return made;
}

/// Walks over one parameter's value. What does not fit is remembered once; then nothing more is taken.
class grammar {
public:
    grammar(std::string_view what, std::string_view text) : what_{what}, whole_{text}, rest_{text} {}

    bool ok() const noexcept { return !error_; }
    bool at_end() const noexcept { return rest_.empty(); }
    read_error error() const { return *error_; }

    bool starts_with(std::string_view word) const noexcept { return rest_.starts_with(word); }

    bool take(std::string_view word) noexcept
    {
        if (!ok() || !rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    void expect(std::string_view word)
    {
        if (!take(word)) fail(fmt::format("`{}`", word));
    }

    void fail(std::string_view expected)
    {
        if (ok()) error_ = parse_error(what_, whole_, whole_.size() - rest_.size(), expected);
    }
    void refuse(read_error why)
    {
        if (ok()) error_ = std::move(why);
    }

    std::string_view take_until(std::string_view stops) noexcept
    {
        auto taken = rest_.substr(0, rest_.find_first_of(stops));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    void skip_spaces() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    /// The rest of it, as it is.
    std::string take_all() { return std::string{std::exchange(rest_, {})}; }

    /// "..." with \ in front of a quote or backslash. Nothing is taken if none is here, or if it does not end.
    std::optional<std::string> take_quoted()
    {
        if (!rest_.starts_with('"')) return std::nullopt;
        std::string text;
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            if (rest_[at] == '"') {
                rest_.remove_prefix(at + 1);
                return text;
            }
            if (rest_[at] == '\\' && ++at == rest_.size()) break;
            text.push_back(rest_[at]);
        }
        return std::nullopt;
    }

    std::string take_name();
    json_step take_step();
    field_ref take_field();
    condition take_condition(field_ref field, bool inside_group);
    filter_group take_group(std::size_t depth);
    std::optional<std::string> take_alias();
    selected_field take_item();
    order_term take_term();

private:
    bool group_follows() const noexcept;
    filter_operator take_operator();
    filter_operator take_is();
    std::string take_value(bool inside_group);
    std::vector<std::string> take_values();
    void take_branch(filter_group& into, std::size_t depth);

    std::string_view what_;
    std::string_view whole_;
    std::string_view rest_;
    std::optional<read_error> error_;
    std::size_t conditions_ = 0;
};

std::string grammar::take_name()
{
    if (auto quoted = take_quoted()) return std::move(*quoted);
    std::size_t size = 0;
    while (size < rest_.size() &&
           (is_name_byte(rest_[size]) || (size > 0 && rest_[size] == '-' && !rest_.substr(size).starts_with("->"))))
        ++size;
    auto name = trimmed(rest_.substr(0, size));
    if (name.empty()) fail("a column's name");
    rest_.remove_prefix(ok() ? size : 0);
    return std::string{name};
}

json_step grammar::take_step()
{
    json_step step;
    if (auto quoted = take_quoted()) {
        step.key = std::move(*quoted);
        return step;
    }
    // A dash belongs to it unless an arrow begins there.
    auto size = rest_.find_first_of("(:.,>)-", rest_.starts_with('-') ? 1 : 0);
    while (size < rest_.size() && rest_[size] == '-' && !rest_.substr(size).starts_with("->"))
        size = rest_.find_first_of("(:.,>)-", size + 1);
    size = std::min(size, rest_.size());
    auto name = trimmed(rest_.substr(0, size));
    std::int64_t index = 0;
    auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), index);
    bool is_index = ec == std::errc{} && end == name.data() + name.size() && !name.empty();
    if (name.empty() || (name.front() == '-' && !is_index)) fail("a key or an index behind the arrow");
    if (is_index) step.index = index;
    step.key = name;
    rest_.remove_prefix(ok() ? size : 0);
    return step;
}

field_ref grammar::take_field()
{
    skip_spaces();
    field_ref field;
    field.column = take_name();
    while (ok() && !field.as_text && rest_.starts_with("->")) {
        field.as_text = take("->>");
        if (!field.as_text) take("->");
        field.path.push_back(take_step());
        if (field.path.size() > limits::json_steps_max) fail("fewer arrows");
    }
    skip_spaces();
    if (field.as_text && rest_.starts_with("->")) fail("nothing behind `->>`, which gives text");
    return field;
}

filter_operator grammar::take_operator()
{
    auto name = rest_.substr(0, rest_.find_first_of("(."));
    for (const auto& known : operators) {
        if (known.name != name) continue;
        rest_.remove_prefix(name.size());
        if (rest_.starts_with('(')) refuse(not_supported(fmt::format("the quantifiers of {}: any, all", name)));
        expect(".");
        return known.what;
    }
    for (auto unsupported : unsupported_operators)
        if (unsupported == name) refuse(not_supported(fmt::format("the operator {}", name)));
    fail(operator_names);
    return filter_operator::eq;
}

filter_operator grammar::take_is()
{
    auto name = lower(rest_.substr(0, rest_.find_first_of(",)")));
    for (const auto& known : is_values) {
        if (known.name != name) continue;
        rest_.remove_prefix(name.size());
        return known.what;
    }
    fail("null, not_null, true, false or unknown");
    return filter_operator::is_null;
}

// Inside a group a value ends at a comma or a parenthesis, unless it is quoted or an array in braces.
std::string grammar::take_value(bool inside_group)
{
    if (!inside_group) return take_all();
    auto before = rest_;
    if (auto quoted = take_quoted()) {
        if (rest_.empty() || rest_.front() == ',' || rest_.front() == ')') return std::move(*quoted);
        rest_ = before;
    }
    return std::string{take_until(",)")};
}

std::vector<std::string> grammar::take_values()
{
    std::vector<std::string> values;
    skip_spaces();
    expect("(");
    do {
        values.push_back(take_value(true));
        if (values.size() > limits::filter_values_max)
            fail(fmt::format("at most {} values", limits::filter_values_max));
    } while (take(","));
    expect(")");
    skip_spaces();
    if (values.size() == 1 && values.front().empty()) values.clear();
    return values;
}

condition grammar::take_condition(field_ref field, bool inside_group)
{
    condition made;
    made.field = std::move(field);
    made.negated = take("not.");
    if (++conditions_ > limits::filter_conditions_max)
        fail(fmt::format("at most {} conditions", limits::filter_conditions_max));
    if (take("is.")) {
        made.what = take_is();
        return made;
    }
    made.what = take_operator();
    if (!ok()) return made;
    if (made.what == filter_operator::in)
        made.values = take_values();
    else
        made.values.push_back(take_value(inside_group));
    return made;
}

bool grammar::group_follows() const noexcept
{
    auto from = rest_.starts_with("not.") ? rest_.substr(4) : rest_;
    from.remove_prefix(from.starts_with("and") ? 3 : from.starts_with("or") ? 2 : from.size());
    from.remove_prefix(std::min(from.find_first_not_of(" \t"), from.size()));
    return from.starts_with('(');
}

void grammar::take_branch(filter_group& into, std::size_t depth)
{
    skip_spaces();
    if (group_follows()) {
        into.branches.emplace_back(take_group(depth + 1));
    } else {
        auto field = take_field();
        expect(".");
        into.branches.emplace_back(take_condition(std::move(field), true));
    }
    skip_spaces();
}

filter_group grammar::take_group(std::size_t depth)
{
    filter_group made;
    made.negated = take("not.");
    made.any = take("or");
    if (!made.any) expect("and");
    if (depth > limits::filter_depth_max)
        fail(fmt::format("at most {} groups inside each other", limits::filter_depth_max));
    skip_spaces();
    expect("(");
    do {
        if (ok()) take_branch(made, depth);
    } while (take(","));
    expect(")");
    skip_spaces();
    return made;
}

std::optional<std::string> grammar::take_alias()
{
    auto before = rest_;
    grammar trial{what_, rest_};
    auto name = trial.take_name();
    if (trial.ok() && trial.rest_.starts_with(':') && !trial.rest_.starts_with("::")) {
        rest_ = trial.rest_.substr(1);
        return name;
    }
    rest_ = before;
    return std::nullopt;
}

/// Of a json path: its last key; without one, the column.
std::string default_name(const field_ref& field)
{
    for (auto step = field.path.rbegin(); step != field.path.rend(); ++step)
        if (!step->index) return step->key;
    return field.column;
}

selected_field grammar::take_item()
{
    selected_field item;
    skip_spaces();
    if (take("*")) {
        item.is_star = true;
        skip_spaces();
        return item;
    }
    if (rest_.starts_with("...")) refuse(not_supported("embedding another table in `select`"));
    auto alias = take_alias();
    if (rest_.starts_with("count()")) refuse(not_supported("aggregate functions in `select`"));
    item.field = take_field();
    if (rest_.starts_with("::")) refuse(not_supported("casts in `select`", "Convert the value after it was read."));
    if (rest_.starts_with('(') || rest_.starts_with('!')) refuse(not_supported("embedding another table in `select`"));
    if (rest_.starts_with('.') && rest_.ends_with("()")) refuse(not_supported("aggregate functions in `select`"));
    item.name = alias ? std::move(*alias) : default_name(item.field);
    return item;
}

order_term grammar::take_term()
{
    order_term term;
    term.field = take_field();
    if (rest_.starts_with('(')) refuse(not_supported("ordering by a column of another table"));
    term.descending = take(".desc");
    if (!term.descending) take(".asc");
    term.nulls_first = term.descending;
    if (take(".nullsfirst"))
        term.nulls_first = true;
    else if (take(".nullslast"))
        term.nulls_first = false;
    skip_spaces();
    return term;
}

read_result<std::vector<selected_field>> parse_select(std::string_view text)
{
    std::vector<selected_field> items;
    grammar in{"select parameter", text};
    if (in.at_end()) return items;
    do {
        items.push_back(in.take_item());
        if (items.size() > limits::select_fields_max) in.fail("fewer columns");
    } while (in.take(","));
    if (!in.at_end()) in.fail("`,` or the end");
    if (!in.ok()) return in.error();
    return items;
}

read_result<std::vector<order_term>> parse_order(std::string_view text)
{
    std::vector<order_term> terms;
    grammar in{"order", text};
    do {
        terms.push_back(in.take_term());
        if (terms.size() > limits::select_fields_max) in.fail("fewer columns");
    } while (in.take(","));
    if (!in.at_end()) in.fail("`,`, `.asc`, `.desc`, `.nullsfirst`, `.nullslast` or the end");
    if (!in.ok()) return in.error();
    return terms;
}

read_result<std::uint64_t> parse_number(std::string_view name, std::string_view text)
{
    std::uint64_t value = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec == std::errc{} && end == text.data() + text.size() && !text.empty()) return value;
    return parse_error(fmt::format("{} parameter", name), text, 0, "a whole number that is not negative");
}

bool is_logic_name(std::string_view name) noexcept
{
    return name == "and" || name == "or" || name == "not.and" || name == "not.or";
}

read_result<filter_group> parse_tree(std::string_view name, std::string_view value)
{
    auto text = fmt::format("{}{}", name, value);
    grammar in{"logic tree", text};
    auto made = in.take_group(1);
    if (!in.at_end()) in.fail("the end");
    if (!in.ok()) return in.error();
    return made;
}

read_result<condition> parse_condition(std::string_view name, std::string_view value)
{
    grammar left{"filter's column", name};
    auto field = left.take_field();
    if (left.starts_with(".")) left.refuse(not_supported("a filter on another table's column"));
    if (!left.at_end()) left.fail("the end of the name");
    if (!left.ok()) return left.error();
    grammar right{"filter", value};
    auto made = right.take_condition(std::move(field), false);
    if (!right.at_end()) right.fail("the end");
    if (!right.ok()) return right.error();
    return made;
}

/// Puts one parameter into the query.
read_result<void> take_parameter(const std::string& name, const std::string& value, read_query& into)
{
    auto put = [](auto parsed, auto& place) -> read_result<void> {
        if (!parsed) return parsed.error();
        place = std::move(*parsed);
        return {};
    };
    if (name == "select") return put(parse_select(value), into.select);
    if (name == "order") return put(parse_order(value), into.order);
    if (name == "offset") return put(parse_number(name, value), into.offset);
    if (name == "limit") return put(parse_number(name, value), into.limit);
    if (name == "columns" || name == "on_conflict") return {};  // of writes; PostgREST ignores them in a read, too
    if (into.filter.branches.size() >= limits::filter_conditions_max)
        return parse_error("query", name, 0, fmt::format("at most {} filters", limits::filter_conditions_max));
    auto& branch = into.filter.branches.emplace_back();
    if (is_logic_name(name)) return put(parse_tree(name, value), branch);
    return put(parse_condition(name, value), branch);
}

}  // namespace

const char* name_of(filter_operator what) noexcept
{
    for (const auto& known : operators)
        if (known.what == what) return known.name.data();
    return "is";
}

read_result<read_query> parse_query(const std::vector<std::pair<std::string, std::string>>& parameters)
{
    read_query made;
    for (const auto& [name, value] : parameters)
        if (auto taken = take_parameter(name, value, made); !taken) return taken.error();
    return made;
}

}  // namespace understudy
