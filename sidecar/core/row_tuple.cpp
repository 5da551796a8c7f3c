#include "core/row_tuple.hpp"

namespace understudy {

namespace {

constexpr std::size_t head_bytes_max = 5;  // a LEB128 number of 35 bits; 1 GiB needs 31

void append_varint(std::string& out, std::uint64_t value)
{
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

}  // namespace

void append_null(std::string& tuple)
{
    tuple.push_back('\1');
}

void append_unchanged(std::string& tuple)
{
    tuple.push_back('\0');
}

void append_fragment(std::string& tuple, std::string_view fragment)
{
    append_varint(tuple, fragment.size() + 1);
    tuple.append(fragment);
}

std::size_t begin_fragment(std::string& tuple)
{
    auto mark = tuple.size();
    tuple.push_back('\0');  // room for the usual length of one byte
    return mark;
}

void end_fragment(std::string& tuple, std::size_t mark)
{
    auto length = tuple.size() - mark;  // the fragment's bytes plus one, as the format counts them
    if (length < 0x80) {
        tuple[mark] = static_cast<char>(length);
        return;
    }
    std::string prefix;
    append_varint(prefix, length);
    tuple.replace(mark, 1, prefix);
}

bool tuple_reader::take_long_head(std::uint64_t& head) noexcept
{
    head = 0;
    for (std::size_t used = 0; used < head_bytes_max && used < rest_.size(); ++used) {
        auto byte = static_cast<unsigned char>(rest_[used]);
        head |= std::uint64_t{byte & 0x7Fu} << (7 * used);
        if (byte >= 0x80) continue;
        rest_.remove_prefix(used + 1);
        return true;
    }
    fail();
    return false;
}

bool has_unchanged(std::string_view tuple) noexcept
{
    tuple_reader reader{tuple};
    while (auto field = reader.next())
        if (field->what == tuple_field::kind::unchanged) return true;
    return false;
}

result<void> splice(std::string_view fresh, std::string_view stored, std::string& out)
{
    out.clear();
    tuple_reader fresh_fields{fresh};
    tuple_reader stored_fields{stored};
    while (auto field = fresh_fields.next()) {
        auto old = stored_fields.next();
        if (!old) return make_error_code(errc::column_mismatch);
        const auto& value = field->what == tuple_field::kind::unchanged ? *old : *field;
        switch (value.what) {
        case tuple_field::kind::unchanged: append_unchanged(out); break;
        case tuple_field::kind::null: append_null(out); break;
        case tuple_field::kind::fragment: append_fragment(out, value.fragment); break;
        }
    }
    if (!fresh_fields.ok() || !stored_fields.ok() || !stored_fields.at_end())
        return make_error_code(errc::column_mismatch);
    return {};
}

}  // namespace understudy
