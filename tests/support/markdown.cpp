#include "support/markdown.hpp"

#include <algorithm>
#include <sstream>

namespace understudy::testing {

namespace {

constexpr std::string_view fence = "```";

/// Calls visit(line, language of the fenced block around it or nothing) for each line that is no fence.
template <class Visit>
void each_line(std::string_view text, Visit visit)
{
    std::istringstream lines{std::string{text}};
    bool fenced = false;
    std::string language;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(fence)) {
            fenced = !fenced;
            language = line.substr(fence.size());
        } else {
            visit(line, fenced ? &language : nullptr);
        }
    }
}

std::size_t heading_level(std::string_view line)
{
    return line.starts_with('#') ? line.find_first_not_of('#') : 0;
}

std::string trimmed(std::string_view text)
{
    auto first = text.find_first_not_of(' ');
    if (first == text.npos) return {};
    return std::string{text.substr(first, text.find_last_not_of(' ') - first + 1)};
}

std::vector<std::string> cells_of(std::string_view line)
{
    std::vector<std::string> cells;
    line.remove_prefix(1);
    for (auto bar = line.find('|'); bar != line.npos; bar = line.find('|')) {
        cells.push_back(trimmed(line.substr(0, bar)));
        line.remove_prefix(bar + 1);
    }
    return cells;
}

bool is_rule(std::string_view line)
{
    return line.find_first_not_of("|- ") == line.npos;
}

}  // namespace

std::string section_of(std::string_view page, std::string_view heading)
{
    std::string section;
    bool inside = false;
    bool fenced = false;
    std::istringstream lines{std::string{page}};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(fence)) fenced = !fenced;
        auto level = fenced ? 0 : heading_level(line);
        if (level != 0 && level <= heading_level(heading)) inside = line == heading;
        if (inside) section += line + '\n';
    }
    return section;
}

std::vector<std::vector<std::string>> table_rows(std::string_view text)
{
    std::vector<std::vector<std::string>> rows;
    bool in_body = false;
    each_line(text, [&](const std::string& line, const std::string* language) {
        bool in_table = language == nullptr && line.starts_with('|');
        if (in_table && is_rule(line))
            in_body = true;
        else if (in_table && in_body)
            rows.push_back(cells_of(line));
        else if (!in_table)
            in_body = false;
    });
    return rows;
}

std::vector<std::string> code_spans(std::string_view text)
{
    std::vector<std::string> spans;
    each_line(text, [&](const std::string& line, const std::string* language) {
        if (language != nullptr) return;
        for (auto open = line.find('`'); open != line.npos;) {
            auto close = line.find('`', open + 1);
            if (close == line.npos) return;
            spans.push_back(line.substr(open + 1, close - open - 1));
            open = line.find('`', close + 1);
        }
    });
    return spans;
}

std::vector<std::string> fenced_blocks(std::string_view text, std::string_view language)
{
    std::vector<std::string> blocks;
    bool inside = false;
    std::istringstream lines{std::string{text}};
    std::string open{fence};
    open += language;
    for (std::string line; std::getline(lines, line);) {
        if (!inside && line == open) {
            inside = true;
            blocks.emplace_back();
        } else if (line == fence) {
            inside = false;
        } else if (inside) {
            blocks.back() += line + '\n';
        }
    }
    return blocks;
}

}  // namespace understudy::testing
