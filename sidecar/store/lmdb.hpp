#pragma once

#include "core/error.hpp"

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// LMDB with our errors and our ownership, and nothing else. http://www.lmdb.tech/doc/
///
/// The one place that calls LMDB. Errors of every function: store_full when the map has no page left, disk_full,
/// store_damaged, store_lost when the environment has to be opened again, storage_failed, and internal for a use that
/// LMDB forbids. After an error in a write transaction
/// the only thing left is to destroy it.
namespace understudy::lmdb {

/// A named set of entries inside one environment. Its number is good for all transactions of the environment
/// once the transaction that opened it is committed, until it is dropped.
using database = MDB_dbi;

inline constexpr database free_list = 0;  ///< LMDB's own: pages to use again.
inline constexpr database names = 1;      ///< LMDB's own: the named databases.

inline constexpr std::size_t key_bytes_max = 511;

/// Borrowed: valid until the transaction's next write, or its end.
struct entry {
    std::string_view key;
    std::string_view value;
};

struct usage {
    std::uint64_t pages = 0;
    std::uint64_t entries = 0;
};

enum class access { read, write };
enum class missing { create, fail };
enum class order { any, ascending };  ///< ascending: the key is greater than every key in the database.
enum class existing { overwrite, refuse };

/// A place in one database. Must end before its transaction.
class cursor {
public:
    outcome<std::optional<entry>> first() { return get(MDB_FIRST, {}); }
    outcome<std::optional<entry>> next() { return get(MDB_NEXT, {}); }
    outcome<std::optional<entry>> last() { return get(MDB_LAST, {}); }

    /// Goes to exactly this key.
    outcome<std::optional<entry>> seek(std::string_view key) { return get(MDB_SET_KEY, key); }

    /// Goes to the first key that is not less than this.
    outcome<std::optional<entry>> seek_from(std::string_view key) { return get(MDB_SET_RANGE, key); }

    /// Sets the key's value to `bytes` bytes that the caller writes at the returned place before anything else. Null
    /// when the key is there already and that is to be refused.
    outcome<char*> put(std::string_view key, std::size_t bytes, order known, existing present);

    /// Removes the entry that the cursor stands on.
    outcome<void> erase();

private:
    friend class transaction;
    struct closer {
        void operator()(MDB_cursor* open) const noexcept { mdb_cursor_close(open); }
    };

    explicit cursor(MDB_cursor* open) noexcept : cursor_{open} {}
    outcome<std::optional<entry>> get(MDB_cursor_op where, std::string_view key);

    std::unique_ptr<MDB_cursor, closer> cursor_;
};

/// One consistent view; for writing, one at a time, and on one thread from begin to end. Destroying it forgets
/// what it wrote.
class transaction {
public:
    outcome<database> open(const std::string& name, missing otherwise);
    outcome<std::optional<std::string_view>> find(database from, std::string_view key) const;
    outcome<void> put(database to, std::string_view key, std::string_view value);
    outcome<cursor> open_cursor(database over) const;
    outcome<usage> usage_of(database counted) const;

    /// Removes all entries.
    outcome<void> clear(database emptied);

    /// Removes the database. Its number is void at once, even if the transaction is not committed.
    outcome<void> drop(database removed);

    /// Durable on return. The transaction is over, whatever is returned.
    outcome<void> commit();

private:
    friend class environment;
    struct aborter {
        void operator()(MDB_txn* open) const noexcept { mdb_txn_abort(open); }
    };

    explicit transaction(MDB_txn* open) noexcept : transaction_{open} {}

    std::unique_ptr<MDB_txn, aborter> transaction_;
};

/// One file and its map. Every transaction has to end before it is resized or destroyed.
class environment {
public:
    enum class locking { on, off };

    /// Opens or creates. The file gets the size of the map. `off`: nobody reads while a write goes on.
    static outcome<environment> open(const std::filesystem::path& file, std::uint64_t map_bytes, locking locks);

    outcome<transaction> begin(access kind) const;

    /// Maps more of the file, which must have that size already. After an error no transaction begins any more.
    outcome<void> resize(std::uint64_t map_bytes);

    /// False after close() or a resize that failed.
    bool is_open() const noexcept { return environment_ != nullptr; }

    /// After this no transaction begins any more.
    void close() noexcept { environment_.reset(); }

    /// Copies what is in use to a new file, in one piece.
    outcome<void> copy_compacted(int file) const;

    std::uint64_t map_bytes() const noexcept;
    std::uint64_t page_bytes() const noexcept;

    /// Lent: LMDB closes it.
    int descriptor() const noexcept;

private:
    struct closer {
        void operator()(MDB_env* open) const noexcept { mdb_env_close(open); }
    };

    environment(MDB_env* open, const std::filesystem::path& file) : environment_{open}, file_{file} {}

    std::unique_ptr<MDB_env, closer> environment_;
    std::filesystem::path file_;
};

}  // namespace understudy::lmdb
