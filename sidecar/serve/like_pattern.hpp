#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A pattern of LIKE: `%` any text, `_` any one character, `\` makes the next stand for itself. Immutable; any thread.
/// https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-LIKE
class like_pattern {
public:
    enum class letters { as_they_are, any_case };

    /// `any_case` folds letters as the locale C.UTF-8 does. The pattern must be UTF-8; one that ends in a bare `\` matches
    /// nothing (Postgres refuses it only when it gets there).
    like_pattern(std::string_view pattern, letters how);

    bool ends_in_escape() const noexcept { return ends_in_escape_; }

    /// `text` must be UTF-8. Nothing if it takes more than limits::like_steps_max steps to know.
    std::optional<bool> matches(std::string_view text) const;

private:
    struct part {
        enum class kind { text, one, any };
        kind what = kind::text;
        std::string text;
    };
    std::optional<bool> match_all(std::string_view text) const;
    void append(std::string_view text);
    std::string folded(std::string_view text) const;

    letters how_;
    bool ends_in_escape_ = false;
    std::vector<part> parts_;  ///< Never two `text` or two `any` in a row.
};

}  // namespace understudy
