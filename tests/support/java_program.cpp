#include "support/java_program.hpp"

#include "support/cache_directory.hpp"
#include "support/files.hpp"

#include <signal.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace understudy::testing {

namespace fs = std::filesystem;

namespace {

constexpr auto stop_deadline = std::chrono::minutes{1};
constexpr std::size_t log_end_bytes = 8192;

/// https://logging.apache.org/log4j/2.x/manual/configuration.html
constexpr auto logging = R"(status = error
rootLogger.level = info
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = OUT
logger.requests.name = org.apache.kafka.connect.runtime.rest.RestServer
logger.requests.level = warn
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1} - %m%n
)";

fs::path java()
{
    const char* folders = std::getenv("PATH");
    std::istringstream path{folders != nullptr ? folders : "/usr/bin"};
    for (std::string folder; std::getline(path, folder, ':');)
        if (fs::exists(fs::path{folder} / "java")) return fs::path{folder} / "java";
    throw std::runtime_error{"there is no Java; type ./dev setup"};
}

fs::path jars()
{
    auto kit = cache_directory() / UNDERSTUDY_KAFKA_KIT;
    if (!fs::exists(kit / "ready")) throw std::runtime_error{kit.string() + " is not there; type ./dev setup"};
    return kit / "lib";
}

/// In a value only the backslash is special, and blanks at its begin.
std::string escaped(const std::string& value)
{
    std::string text;
    for (char byte : value) {
        if (byte == '\\' || (byte == ' ' && text.empty())) text.push_back('\\');
        text.push_back(byte);
    }
    return text;
}

}  // namespace

std::string properties_text(const java_properties& properties)
{
    std::string text;
    for (const auto& [name, value] : properties) text.append(name).append("=").append(escaped(value)).append("\n");
    return text;
}

java_properties read_properties(const fs::path& file)
{
    java_properties properties;
    std::istringstream lines{read_file(file)};
    for (std::string line; std::getline(lines, line);) {
        auto equals = line.find('=');
        if (line.starts_with('#') || equals == line.npos) continue;
        properties.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return properties;
}

java_program::java_program(fs::path directory, launch how) : directory_{std::move(directory)}, how_{std::move(how)}
{
    write_file(directory_ / "log4j2.properties", logging);
    fs::create_directory(directory_ / "tmp");
}

child_options java_program::command() const
{
    child_options options{
        .command = {java(), "-Xms64m", "-Xmx" + std::to_string(how_.heap_mb) + "m", "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.io.tmpdir=" + (directory_ / "tmp").string(),
                    "-Dlog4j2.configurationFile=" + (directory_ / "log4j2.properties").string(), "-cp",
                    jars().string() + "/*", how_.main_class},
        .output = directory_ / "log"};
    options.command.insert(options.command.end(), how_.arguments.begin(), how_.arguments.end());
    return options;
}

void java_program::start()
{
    log_size_at_start_ = log().size();
    process_ = std::make_unique<child_process>(command());
}

void java_program::run()
{
    start();
    if (process_->wait(stop_deadline) != 0) throw std::runtime_error{how_.main_class + " failed:\n" + log_end()};
}

void java_program::stop()
{
    if (!process_) return;
    process_->signal(SIGTERM);
    if (!process_->wait(stop_deadline)) throw std::runtime_error{how_.main_class + " did not stop:\n" + log_end()};
}

void java_program::kill()
{
    if (!process_) return;
    process_->signal(SIGKILL);
    if (!process_->wait(stop_deadline)) throw std::runtime_error{how_.main_class + " survived SIGKILL"};
}

bool java_program::running()
{
    return process_ && process_->running();
}

std::string java_program::log() const
{
    return read_file(directory_ / "log");
}

std::string java_program::log_end() const
{
    auto all = log();
    return all.size() > log_end_bytes ? all.substr(all.size() - log_end_bytes) : all;
}

std::string java_program::log_since_start() const
{
    return log().substr(log_size_at_start_);
}

}  // namespace understudy::testing
