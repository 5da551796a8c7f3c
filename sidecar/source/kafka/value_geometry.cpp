#include "source/kafka/value_geometry.hpp"

#include "source/kafka/value_bytes.hpp"
#include "source/kafka/value_numbers.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// point  := {"x": number, "y": number, ...}
// line   := {"a": number, "b": number, "c": number}
// circle := {"center": point, "radius": number}
// shape  := {"wkb": base64, ..., "extensions": {"type": ..., "closed": "true" | "false"}}
//
// wkb is little-endian (https://www.ogc.org/standard/sfa/):
//   wkb     := u8(1) (u32(2) points | u32(3) u32(1) points)    a string of lines, or a polygon of one ring
//   points  := u32(n) (f64(x) f64(y)){n}

namespace understudy::debezium {

namespace {

error_code append_number(json_node value, std::string& out)
{
    if (!value.is(json_kind::number) && !value.is(json_kind::string)) return errc::bad_text;
    return append_float8(value.text(), out);
}

/// `first` number `,` number ... `last`
error_code append_numbers(json_node value, std::initializer_list<const char*> names, std::string_view brackets,
                          std::string& out)
{
    char before = brackets.front();
    for (const auto* name : names) {
        out.push_back(before);
        before = ',';
        if (auto ec = append_number(value.find(name), out)) return ec;
    }
    out.push_back(brackets.back());
    return {};
}

struct corner {
    double x = 0;
    double y = 0;
    friend bool operator==(const corner&, const corner&) = default;
};

void append_corner(const corner& at, std::string& out)
{
    out.push_back('(');
    append_float8(at.x, out);
    out.push_back(',');
    append_float8(at.y, out);
    out.push_back(')');
}

void append_corners(std::span<const corner> corners, std::string_view brackets, std::string& out)
{
    char before = brackets.front();
    for (const auto& at : corners) {
        out.push_back(before);
        before = ',';
        append_corner(at, out);
    }
    out.push_back(brackets.back());
}

/// Takes little-endian fields off the front; a short read fails all the rest.
class wkb_reader {
public:
    explicit wkb_reader(std::string_view bytes) noexcept : rest_{bytes} {}

    std::uint64_t number(std::size_t size) noexcept
    {
        if (rest_.size() < size) {
            ok_ = false;
            rest_ = {};
            return 0;
        }
        std::uint64_t value = 0;
        for (auto at = size; at > 0; --at) value = value << 8 | static_cast<unsigned char>(rest_[at - 1]);
        rest_.remove_prefix(size);
        return value;
    }

    void expect(std::uint64_t value, std::size_t size) noexcept { ok_ = number(size) == value && ok_; }
    double real() noexcept { return std::bit_cast<double>(number(8)); }
    std::size_t left() const noexcept { return rest_.size(); }
    bool ok() const noexcept { return ok_; }

private:
    std::string_view rest_;
    bool ok_ = true;
};

enum class wkb_type : std::uint64_t { lines = 2, polygon = 3 };

std::optional<std::vector<corner>> corners_of(json_node value, wkb_type type)
{
    std::string bytes;
    auto text = value.find("wkb");
    if (!text.is(json_kind::string) || append_bytes(text.text(), byte_encoding::base64, bytes)) return std::nullopt;
    wkb_reader in{bytes};
    in.expect(1, 1);
    in.expect(static_cast<std::uint64_t>(type), 4);
    if (type == wkb_type::polygon) in.expect(1, 4);
    auto count = in.number(4);
    if (!in.ok() || count == 0 || in.left() % 16 != 0 || in.left() / 16 != count) return std::nullopt;
    std::vector<corner> corners(count);
    for (auto& at : corners) at = {in.real(), in.real()};
    return corners;
}

}  // namespace

error_code append_point(json_node value, std::string& out)
{
    return append_numbers(value, {"x", "y"}, "()", out);
}

error_code append_line(json_node value, std::string& out)
{
    return append_numbers(value, {"a", "b", "c"}, "{}", out);
}

error_code append_circle(json_node value, std::string& out)
{
    out.push_back('<');
    if (auto ec = append_point(value.find("center"), out)) return ec;
    out.push_back(',');
    if (auto ec = append_number(value.find("radius"), out)) return ec;
    out.push_back('>');
    return {};
}

error_code append_segment(json_node value, std::string& out)
{
    auto corners = corners_of(value, wkb_type::lines);
    if (!corners || corners->size() != 2) return errc::bad_text;
    append_corners(*corners, "[]", out);
    return {};
}

/// Postgres keeps the upper right corner and the lower left one. They come as a ring.
error_code append_box(json_node value, std::string& out)
{
    auto corners = corners_of(value, wkb_type::polygon);
    if (!corners || corners->size() != 5) return errc::bad_text;
    auto [low_x, high_x] = std::ranges::minmax(*corners, {}, &corner::x);
    auto [low_y, high_y] = std::ranges::minmax(*corners, {}, &corner::y);
    append_corner({high_x.x, high_y.y}, out);
    out.push_back(',');
    append_corner({low_x.x, low_y.y}, out);
    return {};
}

error_code append_path(json_node value, std::string& out)
{
    auto corners = corners_of(value, wkb_type::lines);
    auto closed = value.find("extensions").find("closed");
    if (!corners || !closed) return errc::bad_text;
    if (closed.text() != "true" && closed.text() != "false") return errc::bad_text;
    append_corners(*corners, closed.text() == "true" ? "()" : "[]", out);
    return {};
}

/// The ring's last point is its first one again.
error_code append_polygon(json_node value, std::string& out)
{
    auto corners = corners_of(value, wkb_type::polygon);
    if (!corners || corners->size() < 2 || corners->front() != corners->back()) return errc::bad_text;
    corners->pop_back();
    append_corners(*corners, "()", out);
    return {};
}

}  // namespace understudy::debezium
