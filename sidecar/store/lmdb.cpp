#include "store/lmdb.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace understudy::lmdb {

namespace {

// Each table has an epoch, and one more while it is copied again; the records are one.
constexpr MDB_dbi databases_max = 2 * limits::tables_max + limits::indexes_max + 1;

// The publisher, a verify, our own look at sizes, a compaction.
constexpr unsigned readers_max = 8;

errc reason_for(int code) noexcept
{
    switch (code) {
    case MDB_MAP_FULL: return errc::store_full;
    case ENOSPC:
    case EDQUOT: return errc::disk_full;
    case MDB_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_INVALID: return errc::store_damaged;
    case MDB_PANIC: return errc::store_lost;
    case MDB_DBS_FULL: return errc::over_limit;
    case MDB_KEYEXIST:
    case MDB_BAD_DBI:
    case MDB_BAD_TXN:
    case MDB_BAD_VALSIZE:
    case EINVAL: return errc::internal;
    default: return errc::storage_failed;
    }
}

failure explain(int code, const char* path, std::string_view doing)
{
    return {reason_for(code), fmt::format("{}: cannot {}: {}", path, doing, mdb_strerror(code))};
}

failure explain(int code, MDB_txn* transaction, std::string_view doing)
{
    const char* path = "";
    mdb_env_get_path(mdb_txn_env(transaction), &path);
    return explain(code, path, doing);
}

MDB_val borrowed(std::string_view bytes) noexcept
{
    // LMDB takes a mutable pointer but does not write through it.
    return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view view_of(const MDB_val& value) noexcept
{
    return {static_cast<const char*>(value.mv_data), value.mv_size};
}

}  // namespace

outcome<std::optional<entry>> cursor::get(MDB_cursor_op where, std::string_view key)
{
    auto found_key = borrowed(key);
    MDB_val value{};
    auto code = mdb_cursor_get(cursor_.get(), &found_key, &value, where);
    if (code == MDB_NOTFOUND) return std::optional<entry>{};
    if (code != 0) return explain(code, mdb_cursor_txn(cursor_.get()), "read an entry");
    return std::optional{entry{view_of(found_key), view_of(value)}};
}

outcome<char*> cursor::put(std::string_view key, std::size_t bytes, order known, existing present)
{
    auto used_key = borrowed(key);
    MDB_val value{bytes, nullptr};
    unsigned flags = MDB_RESERVE;
    if (known == order::ascending)
        flags |= MDB_APPEND;
    else if (present == existing::refuse)
        flags |= MDB_NOOVERWRITE;
    auto code = mdb_cursor_put(cursor_.get(), &used_key, &value, flags);
    if (code == MDB_KEYEXIST && present == existing::refuse) return static_cast<char*>(nullptr);
    if (code != 0) return explain(code, mdb_cursor_txn(cursor_.get()), "write an entry");
    return static_cast<char*>(value.mv_data);
}

outcome<void> cursor::erase()
{
    if (auto code = mdb_cursor_del(cursor_.get(), 0))
        return explain(code, mdb_cursor_txn(cursor_.get()), "remove an entry");
    return {};
}

outcome<database> transaction::open(const std::string& name, missing otherwise)
{
    database opened = 0;
    unsigned flags = otherwise == missing::create ? MDB_CREATE : 0u;
    if (auto code = mdb_dbi_open(transaction_.get(), name.c_str(), flags, &opened))
        return explain(code, transaction_.get(), "open the database " + name);
    return opened;
}

outcome<std::optional<std::string_view>> transaction::find(database from, std::string_view key) const
{
    auto wanted = borrowed(key);
    MDB_val value{};
    auto code = mdb_get(transaction_.get(), from, &wanted, &value);
    if (code == MDB_NOTFOUND) return std::optional<std::string_view>{};
    if (code != 0) return explain(code, transaction_.get(), "read an entry");
    return std::optional{view_of(value)};
}

outcome<void> transaction::put(database to, std::string_view key, std::string_view value)
{
    auto used_key = borrowed(key);
    auto used_value = borrowed(value);
    if (auto code = mdb_put(transaction_.get(), to, &used_key, &used_value, 0))
        return explain(code, transaction_.get(), "write an entry");
    return {};
}

outcome<cursor> transaction::open_cursor(database over) const
{
    MDB_cursor* opened = nullptr;
    if (auto code = mdb_cursor_open(transaction_.get(), over, &opened))
        return explain(code, transaction_.get(), "open a cursor");
    return cursor{opened};
}

outcome<usage> transaction::usage_of(database counted) const
{
    MDB_stat found{};
    if (auto code = mdb_stat(transaction_.get(), counted, &found))
        return explain(code, transaction_.get(), "count pages");
    return usage{found.ms_branch_pages + found.ms_leaf_pages + found.ms_overflow_pages, found.ms_entries};
}

outcome<void> transaction::clear(database emptied)
{
    if (auto code = mdb_drop(transaction_.get(), emptied, 0))
        return explain(code, transaction_.get(), "empty a database");
    return {};
}

outcome<void> transaction::drop(database removed)
{
    if (auto code = mdb_drop(transaction_.get(), removed, 1))
        return explain(code, transaction_.get(), "drop a database");
    return {};
}

outcome<void> transaction::commit()
{
    const char* path = "";
    mdb_env_get_path(mdb_txn_env(transaction_.get()), &path);
    if (auto code = mdb_txn_commit(transaction_.release())) return explain(code, path, "commit");
    return {};
}

outcome<environment> environment::open(const std::filesystem::path& file, std::uint64_t map_bytes, locking locks)
{
    MDB_env* made = nullptr;
    if (auto code = mdb_env_create(&made)) return explain(code, file.c_str(), "make an environment");
    environment opened{made, file};
    unsigned flags = MDB_NOSUBDIR | MDB_WRITEMAP | MDB_NOTLS | (locks == locking::off ? MDB_NOLOCK : 0u);
    auto code = mdb_env_set_mapsize(made, map_bytes);
    if (code == 0) code = mdb_env_set_maxdbs(made, databases_max);
    if (code == 0) code = mdb_env_set_maxreaders(made, readers_max);
    if (code == 0) code = mdb_env_open(made, file.c_str(), flags, 0600);
    if (code != 0) return explain(code, file.c_str(), "open");
    return opened;
}

outcome<transaction> environment::begin(access kind) const
{
    if (!environment_) return failure{errc::store_lost, file_.native() + ": the store lost its map"};
    MDB_txn* begun = nullptr;
    if (auto code = mdb_txn_begin(environment_.get(), nullptr, kind == access::read ? MDB_RDONLY : 0u, &begun))
        return explain(code, file_.c_str(), "begin a transaction");
    return transaction{begun};
}

outcome<void> environment::resize(std::uint64_t map_bytes)
{
    auto code = mdb_env_set_mapsize(environment_.get(), map_bytes);
    if (code == 0) return {};
    // The old map is gone and there is no new one.
    environment_.reset();
    auto why = explain(code, file_.c_str(), "map the file");
    return failure{errc::store_lost, std::move(why.text)};
}

outcome<void> environment::copy_compacted(int file) const
{
    if (auto code = mdb_env_copyfd2(environment_.get(), file, MDB_CP_COMPACT))
        return explain(code, file_.c_str(), "copy");
    return {};
}

std::uint64_t environment::map_bytes() const noexcept
{
    MDB_envinfo found{};
    mdb_env_info(environment_.get(), &found);
    return found.me_mapsize;
}

std::uint64_t environment::page_bytes() const noexcept
{
    MDB_stat found{};
    mdb_env_stat(environment_.get(), &found);
    return found.ms_psize;
}

int environment::descriptor() const noexcept
{
    int lent = -1;
    mdb_env_get_fd(environment_.get(), &lent);
    return lent;
}

}  // namespace understudy::lmdb
