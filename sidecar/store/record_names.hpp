#pragma once

/// What stands under which name in the environment.
namespace understudy::record_names {

inline constexpr const char* database = "records";  ///< The database of the three records below.
inline constexpr const char* state = "state";
inline constexpr const char* position = "position";
inline constexpr const char* last_epoch = "last_epoch";
inline constexpr const char* rows_prefix = "rows.";    ///< Databases of rows: the epoch's number follows.
inline constexpr const char* index_prefix = "index.";  ///< Other orders of them: row_index.hpp says what follows.

}  // namespace understudy::record_names
