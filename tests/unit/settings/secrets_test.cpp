#include "settings/connection.hpp"
#include "settings/keys.hpp"
#include "settings/secret_file.hpp"

#include "config_builder.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

const std::string canary = "c4n4ry";

/// A file of one test, gone with it.
class temporary_file {
public:
    explicit temporary_file(std::string_view text, mode_t mode = 0600)
        : path_{std::filesystem::temp_directory_path() / ("understudy-secret-" + std::to_string(::getpid()))}
    {
        std::ofstream{path_, std::ios::binary | std::ios::trunc} << text;
        ::chmod(path_.c_str(), mode);
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { std::filesystem::remove(path_); }

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

std::string with_connection(const std::string& yaml)
{
    return minimal_lines.substr(0, minimal_lines.find("source:")) + "source: {postgres: {" + yaml + "}}\n";
}

/// All that anybody can see of a configuration: values, origins, warnings, errors.
std::string everything_shown(std::string_view text, const environment& variables = {})
{
    auto loaded = load_text(text, "c.yaml", variables);
    if (!loaded) return to_string(loaded.error());
    std::string shown;
    for (const auto& key : setting_keys()) shown += boost::json::serialize(key.show(loaded->values)) + "\n";
    for (const auto& warning : loaded->warnings) shown += to_string(warning) + "\n";
    for (const auto& [key, origin] : loaded->origins) shown += origin.secret_file + origin.place.variable + "\n";
    return shown;
}

std::string complaint_about(const std::string& file)
{
    auto text = read_secret_file(file);
    return text ? "read" : text.error().text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_settings)

BOOST_AUTO_TEST_CASE(a_connection_is_shown_without_its_password)
{
    BOOST_TEST(masked_connection("host=db password=" + canary + " user=u") == "user=u password=******** host=db");
    BOOST_TEST(masked_connection("postgresql://u:" + canary + "@db/shop") ==
               "user=u password=******** dbname=shop host=db");
    BOOST_TEST(masked_connection("postgresql://u@db/shop?password=" + canary + "&sslpassword=" + canary).find(canary) ==
               std::string::npos);
    BOOST_TEST(masked_connection("host='my host'") == "host='my host'");
}

BOOST_AUTO_TEST_CASE(a_connection_that_cannot_be_taken_apart_is_hidden_whole)
{
    for (const auto& text : {canary, "host=db password " + canary, "password='" + canary, "nonsense=" + canary,
                             "postgresql://u:" + canary + "@db:port:port/%zz"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(masked_connection(text) == "(hidden)");
}

BOOST_AUTO_TEST_CASE(no_way_of_giving_the_password_shows_it)
{
    temporary_file good{"host=db password=" + canary + "\n"};
    temporary_file* file = &good;
    std::vector<std::string> texts{
        with_connection("connection: 'host=db password=" + canary + "'"),
        with_connection("connection: 'postgres://u:" + canary + "@db/x'"),
        with_connection("connection_file: " + file->path()),
        with_connection("connection: 'host=db password " + canary + "'"),
        with_connection("connection: ['" + canary + "']"),
        with_connection("connection: {password: " + canary + "}"),
        with_connection("connection: *" + canary),
        with_connection("connection: \"\\" + canary + "\""),
        with_connection("conection: " + canary),
        with_connection("slot: " + canary + "-"),
        "source: postgres://u:" + canary + "@db/x\n",
        "tables: [a]\nsource: {postgres: 'host=db password=" + canary + "'}\n",
    };
    for (const auto& text : texts) {
        auto shown = everything_shown(text);
        BOOST_TEST_CONTEXT(text) BOOST_TEST(shown.find(canary) == shown.npos, shown);
    }
}

BOOST_AUTO_TEST_CASE(no_variable_shows_the_password)
{
    for (const auto& value : {"host=db password=" + canary, "postgres://u:" + canary + "@db", "password " + canary}) {
        auto shown = everything_shown(minimal_lines, {{"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", value}});
        BOOST_TEST_CONTEXT(value) BOOST_TEST(shown.find(canary) == shown.npos, shown);
        shown = everything_shown(minimal_lines, {{"UNDERSTUDY_TABLES", value}, {"UNDERSTUDY_PASSWORD", value}});
        BOOST_TEST_CONTEXT(value) BOOST_TEST(shown.find(canary) == shown.npos, shown);
    }
}

BOOST_AUTO_TEST_CASE(a_password_in_the_configuration_is_a_warning)
{
    auto loaded = load_text(with_connection("connection: 'host=db password=" + canary + "'"), "c.yaml", {});
    BOOST_REQUIRE(loaded);
    BOOST_REQUIRE(loaded->warnings.size() == 1u);
    BOOST_TEST(to_string(loaded->warnings[0]) ==
               "c.yaml:4:33: source.postgres.connection: holds a password; a passfile or connection_file keeps it out "
               "of the configuration");
    BOOST_TEST(load_text(minimal_lines, "c.yaml", {})->warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_connection_file_is_read_without_a_warning)
{
    temporary_file file{"host=db password=" + canary + "\n", 0440};
    auto loaded = load_text(with_connection("connection_file: " + file.path()), "c.yaml", {});
    BOOST_REQUIRE(loaded);
    BOOST_TEST(loaded->values.postgres.connection == "host=db password=" + canary);
    BOOST_TEST(loaded->warnings.empty());
    const auto& origin = loaded->origins.at("source.postgres.connection");
    BOOST_TEST((origin == setting_origin{setting_origin::kind::file, {4, 38, ""}, file.path()}));
}

BOOST_AUTO_TEST_CASE(a_file_variable_replaces_the_connection_of_the_file)
{
    temporary_file file{"host=other"};
    auto values = values_of(minimal_lines, {{"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION_FILE", file.path()}});
    BOOST_TEST(values.postgres.connection == "host=other");
    values = values_of(with_connection("connection_file: /nonexistent"),
                       {{"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", "host=third"}});
    BOOST_TEST(values.postgres.connection == "host=third");
}

BOOST_AUTO_TEST_CASE(a_credential_of_systemd_is_found_where_its_variable_says)
{
    temporary_file file{"host=secret"};
    std::filesystem::path path{file.path()};
    auto text = with_connection("connection_file: '${CREDENTIALS_DIRECTORY}/" + path.filename().string() + "'");
    environment variables{{"CREDENTIALS_DIRECTORY", path.parent_path()}};
    BOOST_TEST(values_of(text, variables).postgres.connection == "host=secret");
    BOOST_TEST(complaints(text) == "c.yaml:4:38: source.postgres.connection_file: CREDENTIALS_DIRECTORY is not set; "
                                   "systemd sets it for a unit with LoadCredential=");
}

BOOST_AUTO_TEST_CASE(every_file_of_serve_with_a_secret_can_be_a_credential)
{
    auto values = values_of(with_line("serve: {listen: '127.0.0.1:1', certificate: '${CREDENTIALS_DIRECTORY}/a', "
                                      "private_key: '${CREDENTIALS_DIRECTORY}/b'}"),
                            {{"CREDENTIALS_DIRECTORY", "/run/c"}});
    BOOST_TEST(values.serve.certificate == "/run/c/a");
    BOOST_TEST(values.serve.private_key == "/run/c/b");
}

BOOST_AUTO_TEST_CASE(who_needs_no_secret_can_do_without_their_files)
{
    for (auto file : {"/nonexistent", "'${CREDENTIALS_DIRECTORY}/x'"}) {
        auto text = with_connection(std::string{"connection_file: "} + file) +
                    "serve: {listen: 'unix:/x', token_file: " + file + "}\n";
        BOOST_TEST(!load_text(text, "c.yaml", {}).has_value());
        BOOST_TEST(load_text(text, "c.yaml", {}, secrets::unneeded).has_value());
    }
}

BOOST_AUTO_TEST_CASE(connection_and_connection_file_in_one_place_contradict_each_other)
{
    BOOST_TEST(
        complaints(with_connection("connection: host=db, connection_file: /x")) ==
        "c.yaml:4:59: source.postgres.connection_file: contradicts source.postgres.connection; keep one of them");
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", "host=db"},
                                          {"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION_FILE", "/x"}}) ==
               "UNDERSTUDY_SOURCE__POSTGRES__CONNECTION_FILE: source.postgres.connection_file: contradicts "
               "source.postgres.connection; keep one of them");
}

BOOST_AUTO_TEST_CASE(neither_connection_nor_connection_file_is_an_error)
{
    BOOST_TEST(complaints(with_connection("slot: s")) ==
               "c.yaml:4:20: source.postgres.connection: missing; expected a libpq connection string or URI, or "
               "connection_file");
}

BOOST_AUTO_TEST_CASE(a_connection_that_libpq_cannot_read_is_an_error)
{
    BOOST_TEST(complaints(with_connection("connection: 'host db'")) ==
               "c.yaml:4:33: source.postgres.connection: not a libpq connection string or URI");
}

BOOST_AUTO_TEST_CASE(a_misspelt_keyword_of_a_connection_is_named)
{
    BOOST_TEST(complaints(with_connection("connection: 'hosts=db dbname=shop'")) ==
               "c.yaml:4:33: source.postgres.connection: not a libpq connection string or URI; did you mean \"host\" "
               "by \"hosts\"?");
}

BOOST_AUTO_TEST_CASE(a_word_that_may_be_a_piece_of_a_password_is_not_repeated)
{
    for (std::string piece : {"xK7pQ2", "xK7pQ2=b"})
        BOOST_TEST(complaints(with_connection("connection: 'password=a " + piece + "'")) ==
                   "c.yaml:4:33: source.postgres.connection: not a libpq connection string or URI");
}

BOOST_AUTO_TEST_CASE(an_empty_connection_leaves_everything_to_libpq)
{
    BOOST_TEST(complaints(with_connection("connection: ''")) == "loaded");
}

BOOST_AUTO_TEST_CASE(one_trailing_newline_is_cut)
{
    BOOST_TEST(*read_secret_file(temporary_file{"a b\n"}.path()) == "a b");
    BOOST_TEST(*read_secret_file(temporary_file{"a b\r\n"}.path()) == "a b");
    BOOST_TEST(*read_secret_file(temporary_file{"a b\n\n"}.path()) == "a b\n");
    BOOST_TEST(*read_secret_file(temporary_file{"a b"}.path()) == "a b");
}

BOOST_AUTO_TEST_CASE(a_file_readable_by_everyone_is_refused)
{
    for (auto mode : std::vector<mode_t>{0604, 0644, 0444, 0404}) {
        temporary_file file{canary, mode};
        BOOST_TEST(complaint_about(file.path()) ==
                   file.path() + ": readable by everyone; take that away with chmod o-r");
    }
    BOOST_TEST(complaint_about(temporary_file{canary, 0640}.path()) == "read");
}

BOOST_AUTO_TEST_CASE(what_is_no_secret_file_is_refused)
{
    BOOST_TEST(complaint_about("/nonexistent/secret") == "/nonexistent/secret: No such file or directory");
    BOOST_TEST(complaint_about("/dev/null") == "/dev/null: not a regular file");
    BOOST_TEST(complaint_about("/tmp") == "/tmp: not a regular file");
    for (const auto& text : {std::string{}, std::string{"\n"}, std::string{"a\0b", 3}, std::string(65537, 'x')})
        BOOST_TEST(complaint_about(temporary_file{text}.path()) != "read");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
