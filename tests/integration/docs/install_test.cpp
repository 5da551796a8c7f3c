#include "support/child_process.hpp"
#include "support/files.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

using namespace understudy::testing;

namespace {

namespace fs = std::filesystem;

const fs::path source{UNDERSTUDY_SOURCE_DIRECTORY};

struct installation {
    temp_directory directory;
    fs::path prefix = directory / "usr";

    installation()
    {
        run_program({.command = {UNDERSTUDY_CMAKE, "--install", UNDERSTUDY_BINARY_DIRECTORY, "--prefix", "/usr"},
                     .output = directory / "log",
                     .environment = {{"DESTDIR", directory.path().string()}}});
    }
};

/// Every file and link of a folder of ours is in a folder of the installation, byte for byte.
void check_same_files(const fs::path& ours, const fs::path& installed)
{
    for (auto at = fs::recursive_directory_iterator{ours}; at != fs::recursive_directory_iterator{}; ++at) {
        const auto& entry = *at;
        if (entry.path() == source / "config/package") {  // tests/package looks at what comes of it
            at.disable_recursion_pending();
            continue;
        }
        auto there = installed / entry.path().lexically_relative(ours);
        BOOST_TEST_CONTEXT(there) {
            if (entry.is_symlink())
                BOOST_TEST(fs::read_symlink(there) == fs::read_symlink(entry));
            else if (entry.is_regular_file())
                BOOST_TEST(read_file(there) == read_file(entry.path()));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(install_target)

BOOST_AUTO_TEST_CASE(program_schemas_examples_and_readme_are_installed)
{
    installation made;
    check_same_files(source / "schemas", made.prefix / "share/understudy/schemas");
    check_same_files(source / "config", made.prefix / "share/doc/understudy/config");
    BOOST_TEST(read_file(made.prefix / "share/doc/understudy/README.md") == read_file(UNDERSTUDY_README));
    BOOST_TEST(read_file(made.prefix / "share/doc/understudy/LICENSE") == read_file(source / "LICENSE"));
}

BOOST_AUTO_TEST_CASE(the_installed_program_runs_from_its_place)
{
    installation made;
    auto example = made.prefix / "share/doc/understudy/config/understudy.minimal.yaml";
    child_process program{{.command = {made.prefix / "bin/understudy", "config", "--config", example},
                           .output = made.directory / "answer"}};
    BOOST_TEST(program.wait(std::chrono::minutes{1}).value_or(-1) == 0);
    BOOST_TEST(read_file(made.directory / "answer").find("source.postgres.slot:") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
