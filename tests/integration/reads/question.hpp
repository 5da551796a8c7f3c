#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace understudy::testing {

/// One question in two languages: a URL for the sidecar, and SQL that answers with one JSON text.
struct question {
    std::string target;
    std::string sql;
};

/// Asks about the table `public.things` (things_schema) at random: selections, filters of every operator and type that is
/// supported, groups of them, orders, limits.
class questioner {
public:
    explicit questioner(std::uint32_t seed) : dice_{seed} {}

    question next();

private:
    struct part {
        std::string url;  ///< Not percent-encoded.
        std::string sql;
    };
    struct column_facts;
    static const std::vector<column_facts>& columns();

    std::size_t below(std::size_t bound) { return dice_() % bound; }
    bool chance(unsigned percent) { return below(100) < percent; }
    const column_facts& any_column();
    std::string any_literal(const column_facts& column);
    part comparison(const column_facts& column, bool inside_group);
    part like(const column_facts& column, bool inside_group);
    part among(const column_facts& column);
    part test(const column_facts& column);
    part condition(const column_facts& column, bool inside_group);
    part group(int depth);
    part named_condition();
    std::string selection(std::string& url);
    std::string order(std::string& url);

    std::mt19937 dice_;
};

/// public.things: a column of each type that can be compared, and json; rows with nulls, repeats and awkward values.
extern const std::string things_schema;

}  // namespace understudy::testing
