#include "decode/pgoutput.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

namespace {

/// Whatever a decoder lends out has to lie inside the message: touching it lets the sanitizer look.
std::size_t touched = 0;

void touch(std::string_view text)
{
    for (char byte : text) touched += static_cast<unsigned char>(byte);
}

void touch(const tuple& row)
{
    for (const auto& column : row) touch(column.text);
}

void decode_row_change(std::string_view whole)
{
    static pgoutput::insert inserted;
    static pgoutput::update updated;
    static pgoutput::remove removed;
    if (!pgoutput::decode_insert(whole, inserted)) touch(inserted.row);
    if (!pgoutput::decode_update(whole, updated)) {
        touch(updated.before);
        touch(updated.row);
    }
    if (!pgoutput::decode_remove(whole, removed)) touch(removed.before);
}

void decode_other(std::string_view whole)
{
    (void)pgoutput::decode_begin(whole);
    (void)pgoutput::decode_commit(whole);
    (void)pgoutput::decode_truncate(whole);
    (void)pgoutput::check_origin(whole);
    (void)pgoutput::check_stream_abort(whole);
    (void)pgoutput::check_type(whole);
    if (auto relation = pgoutput::decode_relation(whole))
        for (const auto& column : relation->columns) touch(column.name);
    if (auto message = pgoutput::decode_message(whole)) {
        touch(message->prefix);
        touch(message->content);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view whole{reinterpret_cast<const char*>(data), size};
    (void)pgoutput::decode_frame(whole);
    if (!pgoutput::kind_of(whole)) return 0;
    decode_row_change(whole);
    decode_other(whole);
    return 0;
}
