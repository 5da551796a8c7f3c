#pragma once

#include "core/error.hpp"
#include "core/lsn.hpp"

#include <ostream>

// Boost.Test prints both sides of a failed comparison.
namespace understudy {

inline std::ostream& operator<<(std::ostream& out, errc code)
{
    return out << name_of(code);
}
inline std::ostream& operator<<(std::ostream& out, lsn position)
{
    return out << to_string(position);
}

}  // namespace understudy
