#include "store/page_check.hpp"

#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cstring>
#include <fstream>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

/// The bytes of a store's file, in memory that is aligned as a map is.
std::vector<std::uint64_t> store_file()
{
    scratch_directory scratch;
    {
        auto opened = open_store(scratch);
        auto rows = add_table(*opened);
        for (std::uint64_t group = 1; group < 5; ++group) {
            change_batch batch;
            for (int row = 0; row < 500; ++row)
                batch.put(rows, fmt::format("{:05}", row), tuple({std::to_string(group), std::string(100, 'b')}));
            batch.put(rows, "large", tuple({std::string(20'000, 'L')}));
            require(opened->commit_group(batch, position_at(group)));
        }
    }
    std::vector<std::uint64_t> words(std::filesystem::file_size(scratch.data_file()) / 8);
    std::ifstream{scratch.data_file(), std::ios::binary}.read(reinterpret_cast<char*>(words.data()),
                                                              static_cast<std::streamsize>(words.size() * 8));
    return words;
}

std::span<char> bytes_of(std::vector<std::uint64_t>& words)
{
    return {reinterpret_cast<char*>(words.data()), words.size() * 8};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_check)

BOOST_AUTO_TEST_CASE(a_good_file_passes_and_tells_how_much_of_it_is_used)
{
    auto words = store_file();
    auto used = check_pages(bytes_of(words));
    BOOST_TEST_REQUIRE(used.has_value());
    BOOST_TEST(*used > 2 * 4096u);
    BOOST_TEST(*used < words.size() * 8);
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_in_its_used_part_is_damaged)
{
    auto words = store_file();
    auto bytes = bytes_of(words);
    auto used = *check_pages(bytes);
    for (std::size_t size = 0; size < used; size += size < 8192 ? 1 : 509)
        BOOST_TEST_CONTEXT("size " << size)
            BOOST_TEST(check_pages(bytes.subspan(0, size)).error() == errc::store_damaged);
    BOOST_TEST(check_pages(bytes.subspan(0, used)).has_value());
}

BOOST_AUTO_TEST_CASE(a_page_in_two_places_is_damaged)
{
    auto words = store_file();
    auto bytes = bytes_of(words);
    auto used = *check_pages(bytes);
    int found = 0;
    for (std::size_t page = 2; page + 1 < used / 4096; ++page) {
        auto copy = words;
        std::memcpy(bytes_of(copy).data() + page * 4096, bytes.data() + (page + 1) * 4096, 4096);
        if (check_pages(bytes_of(copy)).has_error()) ++found;
    }
    BOOST_TEST(found > 10);  // the rest are free pages, whose bytes nobody reads
}

BOOST_AUTO_TEST_CASE(each_word_of_the_current_meta_page_matters_or_is_harmless)
{
    auto words = store_file();
    auto used = *check_pages(bytes_of(words));
    for (std::size_t word = 0; word < std::size_t{2} * 512; ++word)
        for (std::uint64_t value : {std::uint64_t{0}, ~std::uint64_t{0}, words[word] + 1, words[word] << 8}) {
            auto copy = words;
            copy[word] = value;
            auto checked = check_pages(bytes_of(copy));
            if (checked) BOOST_TEST(*checked <= words.size() * 8);
        }
    BOOST_TEST(used > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
