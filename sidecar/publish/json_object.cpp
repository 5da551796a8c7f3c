#include "publish/json_object.hpp"

namespace understudy {

namespace {

const boost::json::value no_value;
const boost::json::array no_list;

}  // namespace

object_reader::object_reader(const boost::json::value& from, std::string& missing)
    : from_{from.if_object()}, missing_{missing}
{
    if (from_ == nullptr) fail("an object");
}

void object_reader::fail(std::string_view name)
{
    if (missing_.empty()) missing_ = name;
}

bool object_reader::has(std::string_view name) const noexcept
{
    const auto* found = from_ == nullptr ? nullptr : from_->if_contains(name);
    return found != nullptr && !found->is_null();
}

const boost::json::value& object_reader::member(std::string_view name)
{
    const auto* found = from_ == nullptr ? nullptr : from_->if_contains(name);
    if (found != nullptr) return *found;
    fail(name);
    return no_value;
}

std::string object_reader::text(std::string_view name)
{
    if (const auto* found = member(name).if_string()) return std::string{*found};
    fail(name);
    return {};
}

template <class T>
T object_reader::number_of(std::string_view name)
{
    boost::json::error_code ec;
    const auto& found = member(name);
    auto value = found.is_number() ? found.to_number<T>(ec) : T{};
    if (!found.is_number() || ec) fail(name);
    return value;
}

std::uint64_t object_reader::number(std::string_view name)
{
    return number_of<std::uint64_t>(name);
}

std::int64_t object_reader::signed_number(std::string_view name)
{
    return number_of<std::int64_t>(name);
}

double object_reader::real(std::string_view name)
{
    return number_of<double>(name);
}

bool object_reader::flag(std::string_view name)
{
    if (const auto* found = member(name).if_bool()) return *found;
    fail(name);
    return false;
}

lsn object_reader::position(std::string_view name)
{
    auto parsed = parse_lsn(text(name));
    if (!parsed) fail(name);
    return parsed ? *parsed : lsn{};
}

std::optional<db_time> object_reader::time(std::string_view name)
{
    if (member(name).is_null()) return std::nullopt;
    auto parsed = parse_db_time(text(name));
    if (!parsed) fail(name);
    return parsed ? std::optional{*parsed} : std::nullopt;
}

const boost::json::array& object_reader::list(std::string_view name)
{
    if (const auto* found = member(name).if_array()) return *found;
    fail(name);
    return no_list;
}

std::vector<std::string> object_reader::texts(std::string_view name)
{
    std::vector<std::string> all;
    for (const auto& item : list(name)) {
        const auto* text = item.if_string();
        if (text == nullptr) fail(name);
        all.emplace_back(text == nullptr ? std::string_view{} : std::string_view{*text});
    }
    return all;
}

boost::json::value time_or_null(const std::optional<db_time>& time)
{
    if (!time) return nullptr;
    return boost::json::value(to_string(*time));
}

}  // namespace understudy
