#include "publish/document_writer.hpp"

#include "publish/row_names.hpp"

#include "core/row_tuple.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>

namespace understudy {

namespace {

constexpr std::size_t header_bytes = 192;  // the longest possible has 141

void append_header(const document_plan& plan, const document_header& header, std::string& out)
{
    out += '{';
    if (plan.header) {
        out += fmt::format(R"("understudy":{{"format":{},"generation":{},"position":"{}","content_as_of":)",
                           manifest_format, header.generation, to_string(header.position));
        out += header.content_as_of ? '"' + to_string(*header.content_as_of) + '"' : "null";
        out += plan.tables.empty() ? "}" : "},";
        out.resize(std::max(out.size(), header_bytes - 1), ' ');
    }
    out += '\n';
}

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

/// Writes the rows of one table. Lives for one table.
class table_writer {
public:
    table_writer(const planned_table& plan, document_file& into, document_index_writer* index)
        : plan_{plan}, into_{into}, index_{plan.indexed ? index : nullptr}, names_{plan}
    {
    }

    outcome<std::uint64_t> write(const read_snapshot& rows);

private:
    outcome<void> add(std::string_view key, std::string_view tuple, std::uint64_t count);
    bool split(std::string_view tuple);
    outcome<void> append_row(std::string_view key);
    void append_columns(std::string& out) const;

    const planned_table& plan_;
    document_file& into_;
    document_index_writer* index_;
    row_names names_;
    std::vector<tuple_field> fields_;  ///< Of the row at hand; kept to allocate once.
    std::uint64_t written_ = 0;
};

outcome<std::uint64_t> table_writer::write(const read_snapshot& rows)
{
    into_.buffer() += plan_.member;
    into_.buffer() += plan_.keyed_by ? ":{" : ":[";
    if (index_ != nullptr) index_->begin_table(plan_.name, plan_.identity);
    auto visited = rows.each_row(plan_.rows, [this](std::string_view key, std::string_view tuple, std::uint64_t count) {
        return add(key, tuple, count);
    });
    if (!visited) return visited.error();
    if (index_ != nullptr) index_->end_table(into_.position());
    if (auto unique = names_.check_unique(); !unique) return unique.error();
    into_.buffer() += plan_.keyed_by ? "\n}" : "\n]";
    return written_;
}

outcome<void> table_writer::add(std::string_view key, std::string_view tuple, std::uint64_t count)
{
    if (!split(tuple))
        return failure{errc::store_damaged, "a stored row of " + to_string(plan_.name) + " has not its table's shape"};
    for (; count > 0; --count)
        if (auto done = append_row(key); !done) return done;
    return boost::system::in_place_value;
}

bool table_writer::split(std::string_view tuple)
{
    fields_.clear();
    tuple_reader reader{tuple};
    while (auto field = reader.next()) {
        if (field->what == tuple_field::kind::unchanged) return false;
        fields_.push_back(*field);
    }
    return reader.ok() && fields_.size() == plan_.stored_columns;
}

outcome<void> table_writer::append_row(std::string_view key)
{
    auto& out = into_.buffer();
    out += written_++ == 0 ? "\n" : ",\n";
    if (index_ != nullptr)
        if (auto done = index_->add(key, into_.position()); !done) return done;
    if (plan_.keyed_by)
        if (auto done = names_.append(fields_[*plan_.keyed_by], out); !done) return done;
    if (plan_.columns.empty()) out += '{';
    append_columns(out);
    out += '}';
    return into_.drain();
}

// Room is made once for the row: to append each piece by itself took twice as long.
void table_writer::append_columns(std::string& out) const
{
    std::size_t bytes = 0;
    for (const auto& column : plan_.columns) bytes += column.prefix.size() + fields_[column.stored].fragment.size();
    auto start = out.size();
    out.resize(start + bytes);
    char* to = out.data() + start;
    for (const auto& column : plan_.columns) to = copy(fields_[column.stored].fragment, copy(column.prefix, to));
}

}  // namespace

outcome<std::uint64_t> write_document(const read_snapshot& rows, const document_plan& plan,
                                      const document_header& header, document_file& into, document_index_writer* index)
{
    append_header(plan, header, into.buffer());
    into.begin_content();
    std::uint64_t total = 0;
    for (const auto& table : plan.tables) {
        if (&table != &plan.tables.front()) into.buffer() += ",\n";
        auto written = table_writer{table, into, index}.write(rows);
        if (!written) return written.error();
        total += *written;
    }
    into.buffer() += plan.tables.empty() ? "}\n" : "\n}\n";
    return total;
}

}  // namespace understudy
