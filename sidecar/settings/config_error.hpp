#pragma once

#include "core/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// One thing that is wrong with the configuration. Never holds a configured value: it could be a secret.
struct config_error {
    std::string file;      ///< Empty when the value came from an environment variable.
    int line = 0;          ///< From 1; 0 when the whole file or a variable is meant.
    int column = 0;        ///< From 1, in characters.
    std::string variable;  ///< The environment variable, where one is to blame.
    std::string key;       ///< Dotted: `tables[1].columns`. Empty for the file as a whole.
    std::string message;
    friend bool operator==(const config_error&, const config_error&) = default;
};

using config_errors = std::vector<config_error>;

/// True when no error stands at the key, inside it or around it: it can be read as the schema says.
bool is_sound(const config_errors& errors, std::string_view key);

/// Everything that is wrong, in file order. A type of its own so that boost::system::result can carry it.
struct config_failure {
    config_errors errors;  ///< Never empty.
};

[[noreturn]] void throw_exception_from_error(const config_failure& what, const boost::source_location& where);

/// `FILE:LINE:COLUMN: KEY: MESSAGE`, or with the variable's name in place of the position.
std::string to_string(const config_error& error);

}  // namespace understudy
