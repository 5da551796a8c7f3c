#include "app/commands.hpp"
#include "app/output.hpp"

#include <boost/version.hpp>
#include <libpq-fe.h>
#include <lmdb.h>

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <utility>

namespace understudy {

namespace json = boost::json;

namespace {

using version_row = std::pair<const char*, std::string>;

/// libpq counts 150020 for 15.20.
std::string libpq_version()
{
    auto number = PQlibVersion();
    return fmt::format("{}.{}", number / 10000, number % 10000);
}

std::string lmdb_version()
{
    int major = 0;
    int minor = 0;
    int patch = 0;
    mdb_version(&major, &minor, &patch);
    return fmt::format("{}.{}.{}", major, minor, patch);
}

std::string boost_version()
{
    return fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
}

std::string compiler_version()
{
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

std::array<version_row, 5> versions()
{
    return {version_row{"understudy", UNDERSTUDY_VERSION},
            {"libpq", libpq_version()},
            {"lmdb", lmdb_version()},
            {"boost", boost_version()},
            {"compiler", compiler_version()}};
}

}  // namespace

int version_command(const command_options& options)
{
    text_table table;
    json::object entries;
    for (auto& [name, version] : versions()) {
        table.add({name, version});
        entries[name] = version;
    }
    if (options.json)
        write_json(std::cout, entries);
    else
        table.write(std::cout);
    return finish_output(0);
}

}  // namespace understudy
