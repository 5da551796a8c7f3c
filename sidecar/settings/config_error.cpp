#include "settings/config_error.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace understudy {

namespace {

std::string place_text(const config_error& error)
{
    if (!error.variable.empty()) return error.variable;
    if (error.line == 0) return error.file;
    return fmt::format("{}:{}:{}", error.file, error.line, error.column);
}

}  // namespace

std::string to_string(const config_error& error)
{
    if (error.key.empty()) return fmt::format("{}: {}", place_text(error), error.message);
    return fmt::format("{}: {}: {}", place_text(error), error.key, error.message);
}

void throw_exception_from_error(const config_failure& what, const boost::source_location&)
{
    throw std::runtime_error{to_string(what.errors.front())};
}

}  // namespace understudy
