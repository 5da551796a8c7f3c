#include "support/oracle.hpp"

#include "support/sql.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace understudy::testing {

namespace {

constexpr const char* fixed_formats = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY';"
                                      "SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;"
                                      "SET bytea_output = 'hex'";

std::string select_of(const oracle_table& wanted)
{
    std::string columns;
    for (const auto& column : wanted.columns) columns += (columns.empty() ? "\"" : ", \"") + column + "\"";
    auto name = wanted.keyed_by.empty() ? "" : "to_json(t.\"" + wanted.keyed_by + "\"::text)::text || ':' || ";
    return "SELECT " + name + "to_json(t.*)::text FROM (SELECT " + (columns.empty() ? "*" : columns) + " FROM " +
           wanted.table + (wanted.filter.empty() ? "" : " WHERE " + wanted.filter) + ") t";
}

std::vector<std::string> rows_of(sql_session& session, const oracle_table& wanted)
{
    std::vector<std::string> lines;
    for (auto& row : session.query(select_of(wanted))) {
        // A json value keeps the line breaks that it was written with. Outside of strings, where alone they can
        // stand unescaped, they mean no more than a space, and a document has one row per line.
        std::replace(row[0]->begin(), row[0]->end(), '\n', ' ');
        lines.push_back(std::move(*row[0]));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

member_rows read_members(sql_session& session, const std::vector<oracle_table>& tables)
{
    member_rows members;
    for (const auto& wanted : tables) members[wanted.member] = rows_of(session, wanted);
    return members;
}

/// Takes the lines of a document one after the other. The shape:
///
///   document := "{" [ header "," spaces ] "\n" member { ",\n" member } "\n}\n"
///   header   := "\"understudy\":" object                          on one line
///   member   := string ":[" [ "\n" row { ",\n" row } ] "\n]"
///             | string ":{" [ "\n" string ":" row { ",\n" string ":" row } ] "\n}"
///   row      := object                                            on one line
class document_reader {
public:
    explicit document_reader(const std::filesystem::path& file) : name_{file.string()}, file_{file}
    {
        if (!file_) throw std::runtime_error{"cannot open " + name_};
    }

    published_document read()
    {
        std::string line;
        while (std::getline(file_, line)) take(line);
        if (!ended_) fail("it ends too early");
        for (auto& [member, rows] : document_.rows) std::sort(rows.begin(), rows.end());
        return std::move(document_);
    }

private:
    void take(std::string_view line)
    {
        ++number_;
        if (ended_) fail("more after its end");
        if (rows_ == nullptr)
            take_outside(line);
        else if (line.starts_with(row_start_))
            rows_->push_back(std::string{without_comma(line)});
        else
            close_member(line);
    }

    void take_outside(std::string_view line)
    {
        if (number_ == 1 && (line.empty() || line.front() != '{')) fail("no object");
        if (number_ == 1) line.remove_prefix(1);
        constexpr std::string_view header = "\"understudy\":";
        if (number_ == 1 && line.starts_with(header))
            document_.header = without_comma(line.substr(header.size()));
        else if (line == "}")
            ended_ = true;
        else if (!line.empty())
            open_member(line);
    }

    void open_member(std::string_view line)
    {
        bool keyed = line.ends_with("\":{");
        if (!line.starts_with('"') || (!keyed && !line.ends_with("\":["))) fail("no member of a table");
        rows_ = &document_.rows[std::string{line.substr(1, line.size() - 4)}];
        row_start_ = keyed ? '"' : '{';
        end_ = keyed ? "}" : "]";
    }

    void close_member(std::string_view line)
    {
        if (without_comma(line) != end_) fail("no row");
        rows_ = nullptr;
    }

    static std::string_view without_comma(std::string_view line)
    {
        line = line.substr(0, line.find_last_not_of(' ') + 1);
        return line.ends_with(',') ? line.substr(0, line.size() - 1) : line;
    }

    [[noreturn]] void fail(const std::string& what) const
    {
        throw std::runtime_error{name_ + ", line " + std::to_string(number_) + ": " + what};
    }

    std::string name_;
    std::ifstream file_;
    published_document document_;
    std::vector<std::string>* rows_ = nullptr;  // of the member that is open
    char row_start_ = '{';                      // and what its rows start with
    std::string_view end_ = "]";                // and its last line
    std::size_t number_ = 0;
    bool ended_ = false;
};

std::string only_in(const char* where, const std::vector<std::string>& these, const std::vector<std::string>& those)
{
    constexpr std::size_t rows_shown = 3;
    std::vector<std::string> extra;
    std::set_difference(these.begin(), these.end(), those.begin(), those.end(), std::back_inserter(extra));
    if (extra.empty()) return {};
    auto text = "  " + std::to_string(extra.size()) + " rows only in " + where + ":\n";
    for (std::size_t row = 0; row < std::min(extra.size(), rows_shown); ++row)
        text += "    " + extra[row].substr(0, 400) + "\n";
    return text;
}

std::string compare_rows(const std::string& member, const std::vector<std::string>& expected,
                         const std::vector<std::string>& found)
{
    if (expected == found) return {};
    return member + ": " + std::to_string(expected.size()) + " rows in the database, " + std::to_string(found.size()) +
           " in the document\n" + only_in("the database", expected, found) + only_in("the document", found, expected);
}

}  // namespace

oracle_state read_at_consistent_point(const std::string& connection, const std::vector<oracle_table>& tables)
{
    static int calls = 0;
    auto slot = "oracle_" + std::to_string(getpid()) + "_" + std::to_string(++calls);
    // The exported snapshot lives as long as this connection runs nothing else.
    sql_session replication{connection + " replication=database"};
    auto made = replication.query("CREATE_REPLICATION_SLOT " + slot + " TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT");
    sql_session session{connection};
    session.exec(fixed_formats);
    session.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    session.exec("SET TRANSACTION SNAPSHOT '" + made.at(0).at(2).value() + "'");
    return {.position = made.at(0).at(1).value(), .rows = read_members(session, tables)};
}

member_rows read_now(const std::string& connection, const std::vector<oracle_table>& tables)
{
    sql_session session{connection};
    session.exec(fixed_formats);
    session.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return read_members(session, tables);
}

published_document read_document(const std::filesystem::path& file)
{
    return document_reader{file}.read();
}

std::string difference(const member_rows& expected, const member_rows& found)
{
    std::string report;
    for (const auto& [member, rows] : expected) {
        auto other = found.find(member);
        report += other == found.end() ? member + ": not in the document\n" : compare_rows(member, rows, other->second);
    }
    for (const auto& [member, rows] : found)
        if (!expected.contains(member)) report += member + ": not expected in the document\n";
    return report;
}

}  // namespace understudy::testing
