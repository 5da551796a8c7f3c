#pragma once

#include <optional>
#include <string_view>

namespace understudy {

struct json_member {
    std::string_view name;   ///< As it is written, with its quotes.
    std::string_view value;  ///< Without white space around it.
};

/// Walks over the members of a JSON object's text, which is known to be JSON. Borrows it.
class json_member_reader {
public:
    explicit json_member_reader(std::string_view object) noexcept : rest_{object} {}

    /// The next member, or nothing at the end or where the text is no JSON object after all: then ok() is false.
    std::optional<json_member> next() noexcept;

    bool ok() const noexcept { return ok_; }

private:
    void skip_space() noexcept;
    bool take(char byte) noexcept;
    std::string_view take_string() noexcept;
    std::string_view take_value() noexcept;
    std::nullopt_t fail() noexcept;

    std::string_view rest_;
    bool begun_ = false;
    bool ok_ = true;
};

}  // namespace understudy
