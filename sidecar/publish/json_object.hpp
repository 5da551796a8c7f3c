#pragma once

#include "core/db_time.hpp"
#include "core/lsn.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Takes members out of a borrowed JSON object. The first member that is missing or of another kind fails the
/// whole reader; every later take gives an empty value, and the caller asks missing() once.
class object_reader {
public:
    object_reader(const boost::json::value& from, std::string& missing);

    std::string text(std::string_view name);
    std::uint64_t number(std::string_view name);
    std::int64_t signed_number(std::string_view name);
    double real(std::string_view name);
    bool flag(std::string_view name);
    lsn position(std::string_view name);
    std::optional<db_time> time(std::string_view name);  ///< Nothing for null.
    std::vector<std::string> texts(std::string_view name);
    const boost::json::value& member(std::string_view name);
    const boost::json::array& list(std::string_view name);

    /// Member present and not null.
    bool has(std::string_view name) const noexcept;

private:
    void fail(std::string_view name);
    template <class T>
    T number_of(std::string_view name);

    const boost::json::object* from_ = nullptr;
    std::string& missing_;
};

/// RFC 3339, or null for nothing.
boost::json::value time_or_null(const std::optional<db_time>& time);

}  // namespace understudy
