#include "settings/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace understudy {

namespace {

/// Levenshtein's distance, one row of the table at a time.
std::size_t distance(std::string_view left, std::string_view right)
{
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            auto replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string> candidates)
{
    constexpr std::size_t word_bytes_max = 64;  // longer ones are no slip of the finger
    if (word.size() > word_bytes_max) return {};
    std::string_view best;
    auto best_distance = std::max<std::size_t>(1, (word.size() + 1) / 3) + 1;
    for (const auto& candidate : candidates) {
        auto steps = distance(word, candidate);
        if (steps >= best_distance) continue;
        best = candidate;
        best_distance = steps;
    }
    return best;
}

}  // namespace understudy
