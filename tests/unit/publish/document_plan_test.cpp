#include "publish_fixture.hpp"

using namespace understudy;

namespace {

struct plan_fixture : publish_fixture {
    document_table table(std::string name) const
    {
        document_table made;
        made.table = std::move(name);
        return made;
    }

    /// The text of the refusal.
    std::string refusal() const
    {
        auto made = plan_documents(documents, rows.state().tables);
        require_failure(made, errc::bad_config);
        return made.error().text;
    }

    static bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(document_plan_test, plan_fixture)

BOOST_AUTO_TEST_CASE(an_unknown_table_is_refused_with_the_known_ones)
{
    documents[0].tables = {table("public.suppliers")};
    auto text = refusal();
    BOOST_TEST(has(text, "public.suppliers"));
    BOOST_TEST(has(text, "public.materials, sales.orders"));
}

BOOST_AUTO_TEST_CASE(an_unknown_column_is_refused_with_the_known_ones)
{
    documents[0].tables = {table("public.materials")};
    documents[0].tables[0].columns = {{"colour", ""}};
    auto text = refusal();
    BOOST_TEST(has(text, "no column colour"));
    BOOST_TEST(has(text, "id, name"));
}

BOOST_AUTO_TEST_CASE(an_unknown_keyed_by_column_is_refused)
{
    documents[0].tables = {table("public.materials")};
    documents[0].tables[0].keyed_by = "colour";
    BOOST_TEST(has(refusal(), "no column colour"));
}

BOOST_AUTO_TEST_CASE(two_members_of_one_name_in_a_row_are_refused)
{
    documents[0].tables = {table("public.materials")};
    documents[0].tables[0].columns = {{"id", "x"}, {"name", "x"}};
    BOOST_TEST(has(refusal(), "two members x"));
}

BOOST_AUTO_TEST_CASE(two_members_of_one_name_in_a_document_are_refused)
{
    documents[0].tables = {table("public.materials"), table("sales.orders")};
    documents[0].tables[1].as = "materials";
    BOOST_TEST(has(refusal(), "two members \"materials\""));
}

BOOST_AUTO_TEST_CASE(a_member_named_as_the_header_is_refused_only_beside_a_header)
{
    documents[0].tables = {table("public.materials")};
    documents[0].tables[0].as = "understudy";
    BOOST_TEST(has(refusal(), "understudy"));
    documents[0].header = false;
    require(plan_documents(documents, rows.state().tables));
}

BOOST_AUTO_TEST_CASE(two_documents_in_one_file_are_refused)
{
    documents.push_back(documents[0]);
    BOOST_TEST(has(refusal(), "two documents"));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_plain_file_is_refused)
{
    for (std::string bad : {"", ".", "..", ".hidden", "a/b", "/a", "../a", "manifest.json", "status.json"})
        BOOST_TEST_CONTEXT("file '" << bad << "'") {
            documents[0].file = bad;
            refusal();
        }
    documents[0].file = std::string(256, 'a');
    refusal();
    documents[0].file = std::string{"a\0b", 3};
    refusal();
}

BOOST_AUTO_TEST_CASE(the_fingerprint_changes_with_each_thing_that_shapes_the_document)
{
    auto before = plans()[0].fingerprint;
    BOOST_TEST(plans()[0].fingerprint == before);
    auto differs = [&](const char* what) { BOOST_TEST(plans()[0].fingerprint != before, what); };
    auto state = rows.state();
    rows.change_state().tables[0].rows += 10;
    differs("epoch");
    rows.change_state() = state;
    rows.change_state().tables[0].shape.columns[1].type = 23;
    differs("type");
    rows.change_state() = state;
    rows.change_state().tables[0].shape.columns[1].name = "title";
    differs("column");
    rows.change_state() = state;
    rows.change_state().tables[0].shape.key = {1};
    differs("key");
    rows.change_state() = state;
    documents[0].header = false;
    differs("header");
    documents[0].header = true;
    documents[0].tables = {table("public.materials")};
    differs("tables");
}

BOOST_AUTO_TEST_SUITE_END()
