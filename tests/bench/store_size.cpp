// Prints how many bytes a store's file has and how many of them are in use. Usage: bench_store_size DIRECTORY

#include "store/store.hpp"

#include <fmt/format.h>

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    auto opened = understudy::store::open({.directory = argv[1], .any_filesystem = true});
    if (!opened) {
        fmt::print(stderr, "{}\n", opened.error().text);
        return 1;
    }
    auto size = (*opened)->size();
    fmt::print("{} {}\n", size.file_bytes, size.live_bytes);
}
