#include "serve/row_filter.hpp"
#include "serve/row_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

// A query string against three rows in memory: bound, evaluated and shown as JSON and CSV. A filter and its negation never
// choose the same row.

namespace {

const served_table& things()
{
    static const served_table made{[] {
        manifest_table table;
        table.name = {"public", "things"};
        table.columns = {{"id", 23, -1, "int4"},         {"n", 1700, -1, "numeric"}, {"b", 16, -1, "bool"},
                         {"t", 25, -1, "text"},          {"e", 0, -1, "enum"},       {"jb", 3802, -1, "jsonb"},
                         {"z", 1184, -1, "timestamptz"}, {"f", 701, -1, "float8"}};
        table.key = {"id"};
        return table;
    }()};
    return made;
}

constexpr std::string_view rows[] = {
    R"({"id":1,"n":1.50,"b":true,"t":"a,\"b\" ä","e":"x","jb":{"k": [1, "v", null]},"z":"2026-01-02T03:04:05+00:00","f":"NaN"})",
    R"({"id":2,"n":null,"b":null,"t":null,"e":null,"jb":null,"z":null,"f":null})",
    R"({"id":-3,"n":"Infinity","b":false,"t":"","e":"","jb":"s\ud83d\ude00","z":"infinity","f":-1e+300})",
};

void evaluate(const read_query& query)
{
    auto filter = row_filter::bind(query.filter, things());
    auto inverse = query.filter;
    inverse.negated = true;
    auto against = row_filter::bind(inverse, things());
    if (filter.has_value() != against.has_value()) std::abort();
    if (!filter) return;
    (void)filter->key_bounds(things());
    (void)filter->named_keys(things());
    for (auto row : rows) {
        row_values values;
        if (!things().split(row, things().columns().size(), values)) std::abort();
        auto chosen = filter->chooses(values);
        auto refused = against->chooses(values);
        if (chosen && refused && *chosen && *refused) std::abort();
    }
}

void show(const read_query& query, row_format format)
{
    auto shape = row_shape::bind(query.select, things(), format);
    if (!shape) return;
    for (auto row : rows) {
        row_values values;
        if (!things().split(row, things().columns().size(), values)) std::abort();
        std::string out;
        shape->append_header(out);
        (void)shape->append(row, values, out);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    auto parameters = parse_parameters({reinterpret_cast<const char*>(data), size});
    if (!parameters) return 0;
    auto query = parse_query(*parameters);
    if (!query) return 0;
    evaluate(*query);
    show(*query, row_format::json);
    show(*query, row_format::csv);
    for (const auto& term : query->order) (void)row_field::bind(term.field, things());
    return 0;
}
