#include "publish/document_writer.hpp"

#include "publish/rows_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

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

/// In front of the rows of each table, and behind the last.
std::vector<std::string> pieces_of(const document_plan& plan)
{
    if (plan.wrap.empty()) {
        std::vector<std::string> usual;
        for (const auto& table : plan.tables) usual.push_back((usual.empty() ? "" : ",\n") + table.member + ":");
        usual.emplace_back(plan.tables.empty() ? "}\n" : "\n}\n");
        return usual;
    }
    auto pieces = plan.wrap;
    if (plan.header) pieces.front().erase(0, 1);  // the header has begun the object
    pieces.back() += '\n';
    return pieces;
}

}  // namespace

outcome<std::uint64_t> write_document(const read_snapshot& rows, const document_plan& plan,
                                      const document_header& header, document_file& into, document_index_writer* index)
{
    if (plan.header || plan.wrap.empty()) append_header(plan, header, into.buffer());
    into.begin_content();
    auto pieces = pieces_of(plan);
    std::uint64_t total = 0;
    for (std::size_t at = 0; at < plan.tables.size(); ++at) {
        into.buffer() += pieces[at];
        auto writer = rows_writer::open(plan.tables[at], rows, into);
        if (!writer) return writer.error();
        auto written = (*writer)->write_all(rows, plan.tables[at].indexed ? index : nullptr);
        if (!written) return written.error();
        total += *written;
    }
    into.buffer() += pieces.back();
    return total;
}

}  // namespace understudy
