#include "settings/wrap.hpp"

#include <boost/json/serialize.hpp>

#include <string_view>

namespace understudy {

namespace json = boost::json;

namespace {

class wrap_splitter {
public:
    wrap_pieces split(const json::value& wrap)
    {
        add(wrap);
        return std::move(pieces_);
    }

private:
    std::string& text() { return pieces_.texts.back(); }

    void add(const json::value& value)
    {
        if (const auto* object = value.if_object()) return add_members(*object);
        if (const auto* list = value.if_array()) return add_elements(*list);
        if (const auto* string = value.if_string()) return add_string(*string);
        text() += json::serialize(value);
    }

    void add_members(const json::object& object)
    {
        const char* before = "{";
        for (const auto& [name, value] : object) {
            text() += before + json::serialize(name) + ":";
            before = ",";
            add(value);
        }
        text() += object.empty() ? "{}" : "}";
    }

    void add_elements(const json::array& list)
    {
        const char* before = "[";
        for (const auto& value : list) {
            text() += before;
            before = ",";
            add(value);
        }
        text() += list.empty() ? "[]" : "]";
    }

    void add_string(std::string_view string)
    {
        if (string.starts_with("$$") || !string.starts_with('$')) {
            auto meant = string.substr(string.starts_with('$') ? 1 : 0);
            text() += json::serialize(json::string_view{meant.data(), meant.size()});
            return;
        }
        pieces_.members.emplace_back(string.substr(1));
        pieces_.texts.emplace_back();
    }

    wrap_pieces pieces_{.texts = {std::string{}}, .members = {}};
};

}  // namespace

wrap_pieces split_wrap(const json::value& wrap)
{
    return wrap_splitter{}.split(wrap);
}

}  // namespace understudy
