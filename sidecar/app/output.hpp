#pragma once

#include <boost/json/value.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace understudy {

/// Rows of text for people, written in aligned columns. The last cell of a row may be as wide as it likes. Cells are cleaned of control characters.
class text_table {
public:
    void add(std::vector<std::string> cells);
    void write(std::ostream& out) const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// Writes an answer for programs: one JSON value, indented by two, and a newline.
void write_json(std::ostream& out, const boost::json::value& value);

/// The exit status of a command whose answer has been written: `status`, or 4 with a line on stderr when stdout
/// did not take it all (a full disk must not look like an answer).
int finish_output(int status);

}  // namespace understudy
