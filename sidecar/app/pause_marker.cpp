#include "app/pause_marker.hpp"

#include "app/clean_text.hpp"
#include "core/db_time.hpp"
#include "core/limits.hpp"
#include "files/files.hpp"
#include "publish/json_object.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr auto marker = "paused.json";
constexpr std::size_t marker_bytes_max = std::size_t{16} << 10;

db_time in_microseconds(std::chrono::system_clock::time_point at) noexcept
{
    return std::chrono::time_point_cast<std::chrono::microseconds>(at);
}

std::optional<pause_facts> pause_from(std::string_view text)
{
    json::error_code ec;
    auto parsed = json::parse(text, ec);
    if (ec) return std::nullopt;
    std::string missing;
    object_reader from{parsed, missing};
    pause_facts made{from.time("since").value_or(db_time{}), from.text("by"), from.text("reason")};
    if (!missing.empty()) return std::nullopt;
    return made;
}

outcome<void> write_durably(const std::filesystem::path& file, std::string_view text)
{
    auto opened = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);
    if (!opened) return opened.error();
    if (auto done = write_all(opened->get(), text, file); !done) return done;
    if (auto done = sync(opened->get(), file); !done) return done;
    return close(std::move(*opened), file);
}

}  // namespace

std::string describe(const pause_facts& pause)
{
    auto text = fmt::format("publishing is paused since {} by {}", to_string(in_microseconds(pause.since)), pause.by);
    if (!pause.reason.empty()) text += fmt::format(" ({})", pause.reason);
    return clean_text(text) + "; `understudy resume` ends that";
}

std::optional<pause_facts> read_pause(const std::filesystem::path& state_directory)
{
    auto file = state_directory / marker;
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown)) return std::nullopt;
    auto text = read_file(AT_FDCWD, file, marker_bytes_max);
    if (text)
        if (auto read = pause_from(*text)) return read;
    return pause_facts{std::chrono::system_clock::now(), "somebody", fmt::format("{} cannot be read", file.string())};
}

outcome<void> write_pause(const std::filesystem::path& state_directory, const pause_facts& pause)
{
    auto text = json::serialize(json::object{{"since", to_string(in_microseconds(pause.since))},
                                             {"by", clean_text(pause.by, limits::pause_text_bytes_max)},
                                             {"reason", clean_text(pause.reason, limits::pause_text_bytes_max)}});
    auto file = state_directory / marker;
    auto fresh = std::filesystem::path{file.native() + ".new"};
    if (auto written = write_durably(fresh, text + "\n"); !written) {
        ::unlink(fresh.c_str());
        return written;
    }
    return replace_file(fresh, file);
}

outcome<void> remove_pause(const std::filesystem::path& state_directory)
{
    auto file = state_directory / marker;
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return system_failure(errno, "remove", file);
    return sync_directory(state_directory);
}

}  // namespace understudy
