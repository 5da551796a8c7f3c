#include "serve/served_file.hpp"

#include "publish/digest.hpp"
#include "support/files.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include <fcntl.h>

using namespace understudy;
using namespace understudy::testing;

namespace {

/// A document of two and a half blocks, each with other bytes.
struct document_of_blocks {
    document_of_blocks()
    {
        for (char letter : {'a', 'b', 'c'}) text += std::string(letter == 'c' ? block_bytes / 2 : block_bytes, letter);
        for (std::size_t start = 0; start < text.size(); start += block_bytes)
            facts.blocks.push_back(sha256_hex(text.substr(start, block_bytes)));
        facts.file = "snapshot.json";
        facts.bytes = text.size();
    }

    std::shared_ptr<served_file> open() const
    {
        write_file(home / facts.file, text);
        descriptor directory{::open(home.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        auto opened = served_file::open(directory.get(), facts);
        BOOST_REQUIRE(opened.has_value());
        return *opened;
    }

    temp_directory home;
    std::string text;
    manifest_document facts;
};

/// How many blocks there are to look at.
std::size_t look_at_all(served_file& file)
{
    for (std::size_t blocks = 0;; ++blocks) {
        auto more = file.check_new_block();
        BOOST_REQUIRE(more.has_value());
        if (!*more) return blocks;
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(served_files, document_of_blocks)

BOOST_AUTO_TEST_CASE(new_blocks_are_looked_at_once)
{
    auto file = open();
    BOOST_TEST(look_at_all(*file) == 3U);
    BOOST_TEST(look_at_all(*file) == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_read_meanwhile_is_not_looked_at_again)
{
    auto file = open();
    std::string bytes;
    BOOST_TEST(file->read(0, 10, bytes).has_value());
    BOOST_TEST(bytes == std::string(10, 'a'));
    BOOST_TEST(look_at_all(*file) == 2U);
}

BOOST_AUTO_TEST_CASE(the_block_that_is_damaged_is_named)
{
    text[block_bytes + block_bytes / 2] = 'x';
    auto file = open();
    auto more = file->check_new_block();
    while (more && *more) more = file->check_new_block();
    BOOST_REQUIRE(!more.has_value());
    BOOST_TEST((more.error().code == errc::generation_damaged));
    BOOST_TEST(more.error().text.find("block 1 (from byte 1048576)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
