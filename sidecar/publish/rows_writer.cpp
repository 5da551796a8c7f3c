#include "publish/rows_writer.hpp"

#include "publish/json_members.hpp"
#include "render/fragment_key.hpp"
#include "render/json_fragment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace understudy {

namespace {

/// Copies `piece` and returns where it ends. Most pieces are too short to be worth a call.
char* copy(std::string_view piece, char* to) noexcept
{
    constexpr std::size_t word = sizeof(std::uint64_t);
    const auto* from = piece.data();
    auto* end = to + piece.size();
    if (piece.size() > 8 * word) {
        std::memcpy(to, from, piece.size());
    } else if (piece.size() >= word) {
        for (; end - to > static_cast<std::ptrdiff_t>(word); to += word, from += word) std::memcpy(to, from, word);
        std::memcpy(end - word, piece.data() + piece.size() - word, word);  // may overlap the one before
    } else {
        while (to != end) *to++ = *from++;
    }
    return end;
}

}  // namespace

outcome<std::unique_ptr<rows_writer>> rows_writer::open(const planned_table& plan, const read_snapshot& rows,
                                                        document_file& into)
{
    std::unique_ptr<rows_writer> opened{new rows_writer{plan, into}};
    if (auto done = opened->open_lookup(rows); !done) return done.error();
    if (auto done = opened->open_others(rows); !done) return done.error();
    return opened;
}

outcome<void> rows_writer::open_lookup(const read_snapshot& rows)
{
    const auto& link = plan_.link;
    if (link.to.empty()) return boost::system::in_place_value;
    auto opened = link.index ? rows.look_up(*link.index) : rows.look_up_by_key(plan_.rows);
    if (!opened) return opened.error();
    lookup_ = std::move(*opened);
    for (const auto& column : link.to) formats_.emplace_back(column.type);
    return boost::system::in_place_value;
}

outcome<void> rows_writer::open_others(const read_snapshot& rows)
{
    for (const auto& plan : plan_.merged) {
        auto opened = open(plan, rows, into_);
        if (!opened) return opened.error();
        merged_.push_back(std::move(*opened));
    }
    for (const auto& plan : plan_.nested) {
        auto opened = open(plan, rows, into_);
        if (!opened) return opened.error();
        nested_.push_back(std::move(*opened));
    }
    has_others_ = !plan_.hoisted.empty() || !merged_.empty() || !nested_.empty();
    return boost::system::in_place_value;
}

failure rows_writer::damaged() const
{
    return {errc::store_damaged, "a stored row of " + to_string(plan_.name) + " has not its table's shape"};
}

outcome<std::uint64_t> rows_writer::write_all(const read_snapshot& rows, document_index_writer* index)
{
    index_ = index;
    into_.buffer() += plan_.keyed_by ? '{' : '[';
    if (index_ != nullptr) index_->begin_table(plan_.name, plan_.identity);
    auto visited = rows.each_row(plan_.rows, [this](std::string_view key, std::string_view tuple, std::uint64_t count) {
        return add(key, tuple, count, "\n", ",\n");
    });
    if (!visited) return visited.error();
    if (index_ != nullptr) index_->end_table(into_.position());
    if (auto unique = names_.check_unique(); !unique) return unique.error();
    into_.buffer() += plan_.keyed_by ? "\n}" : "\n]";
    return written_;
}

outcome<void> rows_writer::add(std::string_view key, std::string_view tuple, std::uint64_t count,
                               std::string_view first, std::string_view next)
{
    if (!split(tuple)) return damaged();
    if (is_unknown_) {
        into_.note_withheld(count);
        return boost::system::in_place_value;
    }
    for (; count > 0; --count) {
        into_.buffer() += written_++ == 0 ? first : next;
        if (index_ != nullptr)
            if (auto done = index_->add(key, into_.position()); !done) return done;
        if (auto done = append_row(); !done) return done;
    }
    return boost::system::in_place_value;
}

bool rows_writer::split(std::string_view tuple)
{
    fields_.clear();
    is_unknown_ = false;
    tuple_reader reader{tuple};
    while (auto field = reader.next()) {
        if (field->what == tuple_field::kind::unchanged) is_unknown_ = true;
        fields_.push_back(*field);
    }
    return reader.ok() && fields_.size() == plan_.stored_columns;
}

outcome<void> rows_writer::append_row()
{
    auto& out = into_.buffer();
    if (plan_.keyed_by)
        if (auto done = names_.append(fields_[*plan_.keyed_by], out); !done) return done;
    if (plan_.columns.empty()) out += '{';
    append_columns(out);
    if (has_others_)
        if (auto done = append_others(); !done) return done;
    into_.buffer() += '}';
    return into_.drain();
}

// Room is made once for the row: to append each piece by itself took twice as long.
void rows_writer::append_columns(std::string& out) const
{
    std::size_t bytes = 0;
    for (const auto& column : plan_.columns) bytes += column.prefix.size() + fields_[column.stored].fragment.size();
    auto start = out.size();
    out.resize(start + bytes);
    char* to = out.data() + start;
    for (const auto& column : plan_.columns) to = copy(fields_[column.stored].fragment, copy(column.prefix, to));
}

outcome<void> rows_writer::append_others()
{
    has_members_ = !plan_.columns.empty();
    hoisted_now_.clear();
    for (const auto& hoist : plan_.hoisted)
        if (auto done = append_hoisted(hoist); !done) return done;
    for (const auto& other : merged_)
        if (auto done = other->append_merged(fields_, has_members_); !done) return done;
    for (const auto& other : nested_) {
        begin_member();
        if (auto done = other->append_nested(fields_); !done) return done;
    }
    return boost::system::in_place_value;
}

void rows_writer::begin_member()
{
    if (has_members_) into_.buffer() += ',';
    has_members_ = true;
}

outcome<void> rows_writer::append_hoisted(const planned_hoist& hoist)
{
    const auto& field = fields_[hoist.stored];
    if (field.what == tuple_field::kind::null || field.fragment == "null") return boost::system::in_place_value;
    json_member_reader members{field.fragment};
    while (auto member = members.next()) {
        if (auto claimed = claim_hoisted(hoist, member->name); !claimed) return claimed;
        begin_member();
        into_.buffer().append(member->name).append(":").append(member->value);
    }
    if (members.ok()) return boost::system::in_place_value;
    return failure{errc::bad_config, fmt::format("documents: table {}: column {} cannot be hoisted: a row has a value "
                                                 "there that is no object",
                                                 to_string(plan_.name), hoist.name)};
}

/// A name can be written in several ways, so what it means is compared.
outcome<void> rows_writer::claim_hoisted(const planned_hoist& hoist, std::string_view name)
{
    std::string meant;
    if (append_string_bytes(name, meant)) return damaged();
    bool is_taken = plan_.members.contains(meant) ||
                    std::find(hoisted_now_.begin(), hoisted_now_.end(), meant) != hoisted_now_.end();
    hoisted_now_.push_back(std::move(meant));
    if (!is_taken) return boost::system::in_place_value;
    return failure{errc::bad_config, fmt::format("documents: table {}: column {} cannot be hoisted: a member in it has "
                                                 "the name of another member of the row",
                                                 to_string(plan_.name), hoist.name)};
}

outcome<void> rows_writer::append_nested(const row& parent)
{
    written_ = 0;
    into_.buffer().append(plan_.member).append(plan_.keyed_by ? ":{" : ":[");
    auto has_key = make_key(parent);
    if (!has_key) return has_key.error();
    if (*has_key) {
        auto visited = lookup_->each(key_, [this](std::string_view key, std::string_view tuple, std::uint64_t count) {
            return add(key, tuple, count, "", ",");
        });
        if (!visited) return visited;
    }
    into_.buffer() += plan_.keyed_by ? '}' : ']';
    return names_.check_unique();
}

outcome<void> rows_writer::append_merged(const row& parent, bool& has_members)
{
    auto found = find_one(parent);
    if (!found) return found.error();
    auto& out = into_.buffer();
    for (const auto& column : plan_.columns) {
        out += std::string_view{column.prefix}.substr(has_members ? 0 : 1);
        out += *found ? fields_[column.stored].fragment : std::string_view{"null"};
        has_members = true;
    }
    return boost::system::in_place_value;
}

/// Takes the one row that belongs to the parent, if there is one.
outcome<bool> rows_writer::find_one(const row& parent)
{
    auto has_key = make_key(parent);
    if (!has_key || !*has_key) return has_key;
    std::uint64_t found = 0;
    auto take = [&](std::string_view, std::string_view tuple, std::uint64_t count) -> outcome<void> {
        found += count;
        if (found > 1)
            return failure{errc::bad_config, fmt::format("documents: rows of table {} cannot be merged: two belong to "
                                                         "one row; nest them instead",
                                                         to_string(plan_.name))};
        if (!split(tuple)) return damaged();
        if (!is_unknown_) return boost::system::in_place_value;
        return failure{errc::incomplete_log,
                       fmt::format("documents: rows of table {} cannot be merged: of one a value is not "
                                   "known, because the source lost it",
                                   to_string(plan_.name))};
    };
    if (auto visited = lookup_->each(key_, take); !visited) return visited.error();
    return found == 1;
}

/// The bytes that the rows of this table begin with that belong to the parent; false if none can.
outcome<bool> rows_writer::make_key(const row& parent)
{
    key_.clear();
    for (std::size_t at = 0; at < formats_.size(); ++at) {
        const auto& field = parent[plan_.link.to[at].stored];
        if (field.what == tuple_field::kind::null) return false;
        if (formats_[at].append(field.fragment, key_)) return damaged();
    }
    return true;
}

}  // namespace understudy
