#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"

using namespace understudy;

namespace {

struct check_fixture : publish_fixture {
    check_fixture()
    {
        for (int i = 0; i < 3; ++i)
            rows.add_row(materials, {std::to_string(10 + i), '"' + std::string(std::size_t{1} << 20, 'a') + '"'});
        auto directory = open();
        require(write(directory, 1));
        require(announce(directory, 1));
    }

    fs::path document() const { return generation(1) / "snapshot.json"; }

    std::vector<std::string> differences(check_depth depth) const
    {
        return verify_generation(generation(1), depth).differences;
    }

    void flip(std::size_t place)
    {
        auto bytes = slurp(document());
        bytes[place] = static_cast<char>(bytes[place] ^ 1);
        spill(document(), bytes);
    }
};

bool any_has(const std::vector<std::string>& all, std::string_view part)
{
    return std::any_of(all.begin(), all.end(), [&](const auto& text) { return text.find(part) != text.npos; });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(generation_check_test, check_fixture)

BOOST_AUTO_TEST_CASE(a_good_generation_has_no_difference)
{
    BOOST_TEST(differences(check_depth::quick).empty());
    BOOST_TEST(differences(check_depth::full).empty());
    auto current = load_current(settings.directory);
    require(current);
    BOOST_TEST(current->generation == 1u);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_found_in_its_block)
{
    flip((2u << 20) + 77);
    BOOST_TEST(differences(check_depth::quick).empty());
    auto found = differences(check_depth::full);
    BOOST_TEST(any_has(found, "block 2 "));
    BOOST_TEST(!any_has(found, "block 1 "));
    BOOST_TEST(any_has(found, "another SHA-256 than in the manifest"));
}

BOOST_AUTO_TEST_CASE(damaged_json_is_said_beside_the_hash)
{
    flip(0);
    BOOST_TEST(any_has(differences(check_depth::full), "not JSON in block 0"));
}

BOOST_AUTO_TEST_CASE(a_cut_or_grown_document_is_found_quickly)
{
    auto whole = slurp(document());
    for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, whole.size() - 2}) {
        spill(document(), whole.substr(0, size));
        BOOST_TEST(any_has(differences(check_depth::quick), "bytes instead of"));
        BOOST_TEST(any_has(differences(check_depth::full), "JSON"));
        require_failure(load_current(settings.directory), errc::generation_damaged);
    }
    spill(document(), whole + " ");
    BOOST_TEST(any_has(differences(check_depth::quick), "bytes instead of"));
}

BOOST_AUTO_TEST_CASE(what_is_announced_is_whole_until_a_document_is_cut_or_gone)
{
    auto expected = *verify_generation(generation(1), check_depth::quick).found;
    BOOST_TEST(is_announced_whole(settings.directory, expected));
    auto whole = slurp(document());
    spill(document(), whole.substr(0, whole.size() - 1));
    BOOST_TEST(!is_announced_whole(settings.directory, expected));
    spill(document(), whole);
    BOOST_TEST(is_announced_whole(settings.directory, expected));
    auto manifest = slurp(generation(1) / "manifest.json");
    for (const auto& other : {std::string{}, manifest.substr(0, manifest.size() / 2)}) {
        spill(generation(1) / "manifest.json", other);
        BOOST_TEST(!is_announced_whole(settings.directory, expected));
    }
    spill(generation(1) / "manifest.json", manifest);
    BOOST_TEST(is_announced_whole(settings.directory, expected));
    fs::remove(document());
    BOOST_TEST(!is_announced_whole(settings.directory, expected));
    spill(document(), whole);
    fs::remove(settings.directory / "current");
    BOOST_TEST(!is_announced_whole(settings.directory, expected));
}

BOOST_AUTO_TEST_CASE(a_missing_document_is_named)
{
    fs::remove(document());
    BOOST_TEST(any_has(differences(check_depth::quick), "snapshot.json: No such file"));
    BOOST_TEST(any_has(differences(check_depth::full), "snapshot.json: No such file"));
}

BOOST_AUTO_TEST_CASE(a_directory_or_symlink_in_place_of_a_document_is_a_difference)
{
    fs::rename(document(), parent.path() / "moved");
    fs::create_directory(document());
    BOOST_TEST(any_has(differences(check_depth::full), "not a regular file"));
    fs::remove(document());
    fs::create_symlink(parent.path() / "moved", document());
    BOOST_TEST(!differences(check_depth::quick).empty());
}

BOOST_AUTO_TEST_CASE(a_manifest_cut_at_any_byte_is_damage)
{
    auto whole = slurp(generation(1) / "manifest.json");
    for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
        auto made = manifest_from_json(std::string_view{whole}.substr(0, length));
        if (made.has_value()) BOOST_TEST(!made.has_value(), "length " << length);
    }
    spill(generation(1) / "manifest.json", whole.substr(0, whole.size() / 2));
    require_failure(load_current(settings.directory), errc::generation_damaged);
    BOOST_TEST(!verify_generation(generation(1), check_depth::quick).found.has_value());
}

BOOST_AUTO_TEST_CASE(a_manifest_cannot_lead_out_of_its_generation)
{
    auto text = slurp(generation(1) / "manifest.json");
    text.replace(text.find("\"snapshot.json\""), 15, "\"../../../etc/x\"");
    spill(generation(1) / "manifest.json", text);
    BOOST_TEST(any_has(differences(check_depth::full), "no file name"));
}

BOOST_AUTO_TEST_CASE(a_manifest_of_another_generation_is_not_loaded)
{
    fs::rename(generation(1), generation(2));
    fs::remove(settings.directory / "current");
    fs::create_symlink("generations/0000000002", settings.directory / "current");
    require_failure(load_current(settings.directory), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(nothing_announced_is_no_damage)
{
    fs::remove(settings.directory / "current");
    require_failure(load_current(settings.directory), errc::no_generation);
    BOOST_TEST(!verify_generation(generation(9), check_depth::quick).good());
}

BOOST_AUTO_TEST_SUITE_END()
