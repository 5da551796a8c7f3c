#include "store/page_check.hpp"

#include "files/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/mman.h>
#include <vector>

// LMDB 0.9's data file on a 64-bit machine, in the machine's byte order, as far as it is checked here. From the
// comments in https://git.openldap.org/openldap/openldap/-/blob/LMDB_0.9.24/libraries/liblmdb/mdb.c
//
//   file     := meta meta page*              of page-size bytes each; a page's number is its place
//   page     := head (meta-body | offsets nodes | overflow-bytes)
//   head     := u64(page number) u16 u16(flags) (u16(lower) u16(upper) | u32(overflow pages))
//   meta     := head u32(magic) u32(version) u64 u64(map size) tree(free list) tree(names)
//               u64(last page) u64(transaction)
//   tree     := u32(page size, in the first; else 0) u16(flags) u16(depth) u64(branch pages) u64(leaf pages)
//               u64(overflow pages) u64(entries) u64(root page, or ~0 when empty)
//   offsets  := u16(place of a node in the page)*        up to `lower`
//   node     := u16(low) u16(high) u16(flags) u16(key size) key data
//               branch: a child's page number is low + high << 16 + flags << 32, and there is no data
//               leaf: the data's size is low + high << 16; with flag 1 the data is the number of an overflow page
//   names    : data with flag 2 is the tree of a named database
//   free list: key u64(transaction), data u64(count) u64(page number, falling)*

namespace understudy {

namespace {

constexpr std::uint32_t magic = 0xBEEFC0DE;
constexpr std::uint32_t version = 1;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::size_t head_bytes = 16;
constexpr std::size_t node_bytes = 8;
constexpr std::uint64_t first_page = 2;
constexpr std::uint16_t depth_max = 32;  // LMDB's CURSOR_STACK
constexpr std::size_t key_bytes_max = 511;

enum page_kind : std::uint16_t { is_branch = 1, is_leaf = 2, is_overflow = 4, is_meta = 8 };
constexpr std::uint16_t page_kinds = 0x6F;  // the rest are marks that LMDB makes in memory
enum node_flag : std::uint16_t { data_in_overflow = 1, data_is_tree = 2 };
constexpr std::uint16_t integer_keys = 8;
constexpr std::uint16_t no_subdirectory = 0x4000;

struct page_head {
    std::uint64_t number;
    std::uint16_t pad;
    std::uint16_t flags;
    std::uint16_t lower;
    std::uint16_t upper;
};
static_assert(sizeof(page_head) == head_bytes);

struct tree {
    std::uint32_t page_bytes;
    std::uint16_t flags;
    std::uint16_t depth;
    std::uint64_t branch_pages;
    std::uint64_t leaf_pages;
    std::uint64_t overflow_pages;
    std::uint64_t entries;
    std::uint64_t root;
};
static_assert(sizeof(tree) == 48);

struct meta {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint64_t address;
    std::uint64_t map_bytes;
    tree free_list;
    tree names;
    std::uint64_t last_page;
    std::uint64_t transaction;
};
static_assert(sizeof(meta) == 136);

struct node {
    std::uint16_t low;
    std::uint16_t high;
    std::uint16_t flags;
    std::uint16_t key_bytes;
};
static_assert(sizeof(node) == node_bytes);

enum class content { rows, names, free_pages };

template <class T>
T load(std::string_view from, std::size_t at = 0) noexcept
{
    T value;
    std::memcpy(&value, from.data() + at, sizeof value);
    return value;
}

/// A meta page if it is one; `page_bytes` is not known before the first is read.
std::optional<meta> read_meta(std::string_view file, std::size_t at) noexcept
{
    if (at + head_bytes + sizeof(meta) > file.size()) return std::nullopt;
    if (load<page_head>(file, at).flags != is_meta) return std::nullopt;
    auto found = load<meta>(file, at + head_bytes);
    auto size = found.free_list.page_bytes;
    bool sized = size >= 512 && size <= 32768 && (size & (size - 1)) == 0;
    // A flag of FIXEDMAP would have LMDB map the file where the file says.
    bool plain = (found.free_list.flags & ~no_subdirectory) == integer_keys && found.names.flags == 0;
    if (found.magic != magic || found.version != version || !sized || !plain) return std::nullopt;
    return found;
}

class checker {
public:
    checker(std::string_view file, const meta& current)
        : file_{file}, page_bytes_{current.free_list.page_bytes}, seen_(current.last_page + 1)
    {
    }

    bool check(const tree& checked, content holds);

private:
    struct counts {
        std::uint64_t branch_pages = 0;
        std::uint64_t leaf_pages = 0;
        std::uint64_t overflow_pages = 0;
        std::uint64_t entries = 0;
    };

    struct place {
        content holds;
        std::uint16_t levels;  // of pages from here down to the leaves
        counts& found;
    };

    bool see(std::uint64_t page);
    std::string_view bytes_of(std::uint64_t page) const noexcept
    {
        return file_.substr(page * page_bytes_, page_bytes_);
    }
    std::string_view node_at(std::string_view page, std::size_t index) const noexcept;
    bool check_page(std::uint64_t number, place at);
    bool check_branch(std::string_view page, std::size_t nodes, place at);
    bool check_leaf(std::string_view page, std::size_t nodes, place at);
    std::optional<std::string_view> data_of(std::string_view entry, place at);
    std::optional<std::string_view> overflow_data(std::uint64_t number, std::uint64_t size, place at);
    bool check_entry(std::string_view entry, place at);
    bool check_free_pages(std::string_view data);

    std::string_view file_;
    std::size_t page_bytes_;
    std::vector<bool> seen_;
};

bool checker::check(const tree& checked, content holds)
{
    counts found;
    if (checked.depth > depth_max) return false;
    if ((checked.root == no_page) != (checked.depth == 0)) return false;
    if (checked.root != no_page && !check_page(checked.root, {holds, checked.depth, found})) return false;
    return found.branch_pages == checked.branch_pages && found.leaf_pages == checked.leaf_pages &&
           found.overflow_pages == checked.overflow_pages && found.entries == checked.entries;
}

/// Each page has one use, if any.
bool checker::see(std::uint64_t page)
{
    if (page < first_page || page >= seen_.size() || seen_[page]) return false;
    seen_[page] = true;
    return true;
}

bool checker::check_page(std::uint64_t number, place at)
{
    if (!see(number)) return false;
    auto page = bytes_of(number);
    auto head = load<page_head>(page);
    auto kind = head.flags & page_kinds;
    if (head.number != number || kind != (at.levels == 1 ? is_leaf : is_branch)) return false;
    if (head.lower < head_bytes || head.lower > head.upper || head.upper > page_bytes_) return false;
    auto nodes = (head.lower - head_bytes) / 2;
    return at.levels == 1 ? check_leaf(page, nodes, at) : check_branch(page, nodes, at);
}

/// The node from its start to the end of the page; empty if its key is not inside the page.
std::string_view checker::node_at(std::string_view page, std::size_t index) const noexcept
{
    std::size_t at = load<std::uint16_t>(page, head_bytes + 2 * index);
    if (at < load<page_head>(page).upper || at % 2 != 0 || at + node_bytes > page.size()) return {};
    auto found = page.substr(at);
    return node_bytes + load<node>(found).key_bytes <= found.size() ? found : std::string_view{};
}

bool checker::check_branch(std::string_view page, std::size_t nodes, place at)
{
    ++at.found.branch_pages;
    if (nodes < (at.holds == content::free_pages ? 1u : 2u)) return false;
    for (std::size_t index = 0; index < nodes; ++index) {
        auto child = node_at(page, index);
        if (child.empty()) return false;
        auto head = load<node>(child);
        auto number = head.low | std::uint64_t{head.high} << 16 | std::uint64_t{head.flags} << 32;
        if (head.key_bytes > key_bytes_max) return false;
        if (!check_page(number, {at.holds, static_cast<std::uint16_t>(at.levels - 1), at.found})) return false;
    }
    return true;
}

bool checker::check_leaf(std::string_view page, std::size_t nodes, place at)
{
    ++at.found.leaf_pages;
    at.found.entries += nodes;
    std::string_view before;
    for (std::size_t index = 0; index < nodes; ++index) {
        auto entry = node_at(page, index);
        if (entry.empty() || !check_entry(entry, at)) return false;
        auto key = entry.substr(node_bytes, load<node>(entry).key_bytes);
        if (at.holds != content::free_pages && key <= before) return false;
        before = key;
    }
    return nodes > 0;
}

bool checker::check_entry(std::string_view entry, place at)
{
    auto head = load<node>(entry);
    if (head.key_bytes == 0 || head.key_bytes > key_bytes_max) return false;
    auto data = data_of(entry, at);
    if (!data) return false;
    if (at.holds == content::free_pages) return head.key_bytes == sizeof(std::uint64_t) && check_free_pages(*data);
    if ((head.flags & ~data_in_overflow) != (at.holds == content::names ? data_is_tree : 0)) return false;
    if (at.holds == content::rows) return true;
    if (data->size() != sizeof(tree)) return false;
    auto named = load<tree>(*data);
    return named.flags == 0 && check(named, content::rows);
}

std::optional<std::string_view> checker::data_of(std::string_view entry, place at)
{
    auto head = load<node>(entry);
    auto rest = entry.substr(node_bytes + head.key_bytes);
    auto size = head.low | std::uint64_t{head.high} << 16;
    if ((head.flags & data_in_overflow) == 0)
        return size <= rest.size() ? std::optional{rest.substr(0, size)} : std::nullopt;
    if (rest.size() < sizeof(std::uint64_t)) return std::nullopt;
    return overflow_data(load<std::uint64_t>(rest), size, at);
}

std::optional<std::string_view> checker::overflow_data(std::uint64_t number, std::uint64_t size, place at)
{
    if (!see(number)) return std::nullopt;
    auto page = bytes_of(number);
    auto head = load<page_head>(page);
    auto pages = head.lower | std::uint64_t{head.upper} << 16;
    if (head.number != number || (head.flags & page_kinds) != is_overflow) return std::nullopt;
    if (pages != (head_bytes + size + page_bytes_ - 1) / page_bytes_) return std::nullopt;
    for (std::uint64_t next = 1; next < pages; ++next)
        if (!see(number + next)) return std::nullopt;
    at.found.overflow_pages += pages;
    return file_.substr(number * page_bytes_ + head_bytes, size);
}

bool checker::check_free_pages(std::string_view data)
{
    if (data.size() % sizeof(std::uint64_t) != 0 || data.empty()) return false;
    auto count = load<std::uint64_t>(data);
    if (count != data.size() / sizeof(std::uint64_t) - 1) return false;
    auto before = no_page;
    for (std::size_t index = 1; index <= count; ++index) {
        auto page = load<std::uint64_t>(data, index * sizeof(std::uint64_t));
        if (page >= before || !see(page)) return false;
        before = page;
    }
    return true;
}

/// The meta page that LMDB takes: the one of the later transaction.
std::optional<meta> current_meta(std::string_view file) noexcept
{
    auto first = read_meta(file, 0);
    if (!first) return std::nullopt;
    auto second = read_meta(file, first->free_list.page_bytes);
    if (!second || second->free_list.page_bytes != first->free_list.page_bytes) return std::nullopt;
    return second->transaction > first->transaction ? second : first;
}

/// A read-only map of a whole file.
class file_map {
public:
    file_map(int file, std::size_t size) noexcept
        : size_{size}, start_{::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0)}
    {
    }
    file_map(const file_map&) = delete;
    file_map& operator=(const file_map&) = delete;
    ~file_map()
    {
        if (ok()) ::munmap(start_, size_);
    }
    bool ok() const noexcept { return start_ != MAP_FAILED; }
    std::span<const char> bytes() const noexcept { return {static_cast<const char*>(start_), size_}; }

private:
    std::size_t size_;
    void* start_;
};

failure damaged(const std::filesystem::path& file)
{
    return {errc::store_damaged, fmt::format("{}: is damaged or not a store", file.native())};
}

}  // namespace

result<std::uint64_t> check_pages(std::span<const char> bytes)
{
    std::string_view file{bytes.data(), bytes.size()};
    auto current = current_meta(file);
    if (!current) return make_error_code(errc::store_damaged);
    std::uint64_t pages = file.size() / current->free_list.page_bytes;
    if (current->last_page < first_page - 1 || current->last_page >= pages) return make_error_code(errc::store_damaged);
    checker all{file, *current};
    if (!all.check(current->free_list, content::free_pages) || !all.check(current->names, content::names))
        return make_error_code(errc::store_damaged);
    return (current->last_page + 1) * current->free_list.page_bytes;
}

outcome<checked_file> check_pages(const std::filesystem::path& path)
{
    auto file = open_file(path, O_RDONLY);
    if (!file) return file.error();
    auto size = size_of(file->get(), path);
    if (!size) return size.error();
    if (*size == 0) return damaged(path);
    file_map map{file->get(), *size};
    if (!map.ok()) return system_failure(errno, "map", path);
    auto used = check_pages(map.bytes());
    if (!used) return damaged(path);
    return checked_file{*size, *used};
}

}  // namespace understudy
