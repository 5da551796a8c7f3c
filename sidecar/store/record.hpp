#pragma once

#include "core/error.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

/// The records of a store: everything except the rows, as bytes. The formats are in record.cpp.
///
/// Errors of reading: store_damaged if the bytes are not what was written, store_newer if a newer version wrote
/// them.
std::string encode_state(const store_state& state);

/// The position is not part of this record: it has its own, which each commit writes.
result<store_state> decode_state(std::string_view record);

std::string encode_position(const stored_position& position);
result<stored_position> decode_position(std::string_view record);

std::string encode_last_epoch(epoch last);
result<epoch> decode_last_epoch(std::string_view record);

}  // namespace understudy
