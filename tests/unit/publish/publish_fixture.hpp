#pragma once

#include "memory_rows.hpp"

#include "publish/announcement.hpp"
#include "publish/document_plan.hpp"
#include "publish/generation.hpp"
#include "publish/snapshot_directory.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include <sys/stat.h>

namespace understudy {

namespace fs = std::filesystem;

/// A directory of its own that goes away with it.
class temporary_directory {
public:
    temporary_directory()
    {
        std::string pattern = (fs::temp_directory_path() / "understudy-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory()
    {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

inline std::string slurp(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline void spill(const fs::path& path, std::string_view bytes)
{
    fs::remove(path);
    std::ofstream{path, std::ios::binary} << bytes;
}

inline struct stat facts_of(const fs::path& path)
{
    struct stat facts{};
    BOOST_TEST_REQUIRE(::lstat(path.c_str(), &facts) == 0);
    return facts;
}

inline std::vector<std::string> names_under(const fs::path& path)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{path}) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// Fails the test with the failure's text.
template <class T>
void require(const outcome<T>& got)
{
    BOOST_TEST_REQUIRE(got.has_value(), (got ? std::string{} : name_of(got.error().code) + (": " + got.error().text)));
}

template <class T>
void require_failure(const outcome<T>& got, errc code)
{
    BOOST_TEST_REQUIRE(!got.has_value());
    BOOST_TEST(got.error().code == code);
    BOOST_TEST_MESSAGE("as wanted: " << got.error().text);
}

/// Two tables, the default document, a snapshot directory.
struct publish_fixture {
    publish_fixture()
    {
        materials = rows.add_table({"public", "materials"}, {"id", "name"});
        orders = rows.add_table({"sales", "orders"}, {"id", "note"});
        rows.add_row(materials, {"1", "\"steel\""});
        rows.add_row(materials, {"2", ""});
        auto& position = rows.change_state().position;
        position.position = lsn{0x16'B374'D848};
        position.content_as_of = db_time{std::chrono::seconds{1'700'000'000}};
        rows.change_state().identity = {"7123", 1, "shop", "understudy", "understudy", ""};
        settings.directory = parent.path() / "snapshot";
    }

    snapshot_directory open()
    {
        auto opened = snapshot_directory::open(settings);
        require(opened);
        return std::move(*opened);
    }

    std::vector<document_plan> plans() const
    {
        auto made = plan_documents(documents, rows.state().tables);
        require(made);
        return *made;
    }

    outcome<manifest> write(snapshot_directory& into, std::uint64_t number, const manifest* previous = nullptr,
                            unchanged_tables unchanged = {}) const
    {
        auto made = plans();
        return write_generation(into, {.rows = rows,
                                       .documents = made,
                                       .number = number,
                                       .created_at = db_time{std::chrono::seconds{1'700'000'100}},
                                       .previous = previous,
                                       .unchanged = std::move(unchanged)});
    }

    fs::path generation(std::uint64_t number) const
    {
        return settings.directory / "generations" / generation_name(number);
    }

    temporary_directory parent;
    memory_rows rows;
    epoch materials = 0;
    epoch orders = 0;
    std::vector<document_settings> documents{document_settings{}};
    snapshot_settings settings;
};

}  // namespace understudy
