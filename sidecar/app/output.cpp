#include "app/output.hpp"

#include "app/clean_text.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iostream>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t cell_bytes_max = 16384;

/// Code points, which is what most terminals give one cell each.
std::size_t width_of(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void write_indented(std::ostream& out, const json::value& value, const std::string& indent);

void write_members(std::ostream& out, const json::object& members, const std::string& indent)
{
    out << "{\n";
    for (auto member = members.begin(); member != members.end(); ++member) {
        out << indent << "  " << json::serialize(member->key()) << ": ";
        write_indented(out, member->value(), indent + "  ");
        out << (member + 1 == members.end() ? "\n" : ",\n");
    }
    out << indent << "}";
}

void write_elements(std::ostream& out, const json::array& elements, const std::string& indent)
{
    out << "[\n";
    for (auto element = elements.begin(); element != elements.end(); ++element) {
        out << indent << "  ";
        write_indented(out, *element, indent + "  ");
        out << (element + 1 == elements.end() ? "\n" : ",\n");
    }
    out << indent << "]";
}

void write_indented(std::ostream& out, const json::value& value, const std::string& indent)
{
    if (value.is_object() && !value.get_object().empty()) return write_members(out, value.get_object(), indent);
    if (value.is_array() && !value.get_array().empty()) return write_elements(out, value.get_array(), indent);
    out << json::serialize(value);
}

}  // namespace

void text_table::write(std::ostream& out) const
{
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out << row[i];
            if (i + 1 < row.size()) out << std::string(widths[i] - width_of(row[i]) + gap, ' ');
        }
        out << '\n';
    }
}

void text_table::add(std::vector<std::string> cells)
{
    for (auto& cell : cells) cell = clean_text(cell, cell_bytes_max);
    rows_.push_back(std::move(cells));
}

void write_json(std::ostream& out, const json::value& value)
{
    write_indented(out, value, "");
    out << '\n';
}

int finish_output(int status)
{
    if (std::cout.flush()) return status;
    std::cerr << "understudy: the answer could not be written to standard output\n";
    return 4;
}

}  // namespace understudy
