#pragma once

#include "core/error.hpp"
#include "core/lsn.hpp"
#include "decode/json_tape.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace understudy::debezium {

inline std::optional<std::int64_t> read_integer(std::string_view text) noexcept
{
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Takes members for what they have to be. The first that is not is the error; what is taken after it is empty.
class member_reader {
public:
    explicit member_reader(std::string& wrong) noexcept : wrong_{wrong} {}

    /// The block that the members to come are in, for the error's text: empty or `source.`.
    void enter(std::string_view block) noexcept { block_ = block; }

    bool ok() const noexcept { return !error_; }
    error_code finish() const noexcept { return error_; }

    void fail(std::string_view name, std::string_view what)
    {
        if (!ok()) return;
        error_ = errc::bad_text;
        wrong_.assign("member `").append(block_).append(name).append("` ").append(what);
    }

    /// The same, where it is about no member.
    void refuse(std::string_view text)
    {
        if (!ok()) return;
        error_ = errc::bad_text;
        wrong_.assign(text);
    }

    /// Null and absent are the same everywhere.
    std::string_view text(json_node member)
    {
        if (!member.is_present()) return {};
        if (member.kind() != json_kind::string) fail(member.name(), "is not a string");
        return member.text();
    }

    std::optional<std::int64_t> integer(json_node member)
    {
        if (!member.is_present()) return std::nullopt;
        if (member.kind() == json_kind::number || member.kind() == json_kind::string)
            if (auto value = read_integer(member.text())) return value;
        fail(member.name(), "is not an integer");
        return std::nullopt;
    }

    std::optional<std::uint64_t> count(json_node member)
    {
        auto value = integer(member);
        if (!value) return std::nullopt;
        if (*value < 0) fail(member.name(), "is negative");
        return static_cast<std::uint64_t>(*value);
    }

    /// Java has no unsigned integers: a position past 2^63 is negative.
    std::optional<lsn> position(json_node member)
    {
        auto value = integer(member);
        return value ? std::optional{lsn{static_cast<std::uint64_t>(*value)}} : std::nullopt;
    }

    /// An object, or none.
    json_node object(json_node member)
    {
        if (!member.is_present()) return {};
        if (member.kind() != json_kind::object) fail(member.name(), "is not an object");
        return ok() ? member : json_node{};
    }

    void expect(json_node member, std::string_view name)
    {
        if (!member.is_present()) fail(name, member ? "is null" : "is missing");
    }

    void expect_none(json_node member, std::string_view why)
    {
        if (member.is_present()) fail(member.name(), why);
    }

private:
    std::string& wrong_;
    std::string_view block_;
    error_code error_;
};

/// An object's members, one place for each of Names. Messages have their members in one order, so the search for a
/// name begins behind the last one that was found. A name that comes twice is an error.
template <const auto& Names>
class members {
public:
    /// Where a name stands in Names. Another name does not compile.
    struct place {
        std::size_t at = 0;
        consteval place(const char* name)
        {
            while (Names[at] != name) ++at;
        }
    };

    members(json_node object, member_reader& in)
    {
        for (auto member : object)
            if (!put(member)) in.fail(member.name(), "is there twice");
    }

    json_node operator[](place name) const noexcept { return found_[name.at]; }

private:
    static constexpr std::size_t count = std::size(Names);

    bool put(json_node member) noexcept
    {
        for (std::size_t tried = 0; tried < count; ++tried) {
            auto at = next_;
            next_ = next_ + 1 == count ? 0 : next_ + 1;
            if (Names[at] == member.name()) return !std::exchange(found_[at], member);
        }
        return true;
    }

    std::array<json_node, count> found_{};
    std::size_t next_ = 0;
};

}  // namespace understudy::debezium
