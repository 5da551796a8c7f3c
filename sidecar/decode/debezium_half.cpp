#include "decode/debezium_half.hpp"

// half    := 'null' | wrapped | payload
// wrapped := '{"schema":' (schema | 'null') ',"payload":' (payload | 'null') '}'
//
// Members may come in the other order, with space around them; then the schema is read for each message.

namespace understudy::debezium {

namespace {

const char* name_of(side which) noexcept
{
    return which == side::key ? "key" : "value";
}

/// A row of a table with these two columns is told from it by what is in them.
bool is_wrapped(json_node root) noexcept
{
    if (!root.is(json_kind::object) || root.size() != 2) return false;
    auto schema = root.find("schema");
    auto payload = root.find("payload");
    if (!schema || !payload) return false;
    if (schema.is(json_kind::object)) return true;
    return !schema.is_present() && (!payload.is_present() || payload.is(json_kind::object));
}

/// Of what may be remembered by its schema the place of the payload has to be known: see remember().
bool may_be_wrapped(std::string_view text) noexcept
{
    return text.substr(0, 32).find("\"schema\"") != text.npos;
}

/// What a schema registry's converters put first: a zero and four bytes, or a one and sixteen.
bool is_framed(std::string_view text) noexcept
{
    return text.size() > 4 && (text.front() == '\0' || text.front() == '\x01');
}

}  // namespace

error_code half_reader::read(std::string_view text)
{
    if (read_behind_schema(text)) return {};
    if (auto ec = check_format(text)) return ec;
    auto ec = may_be_wrapped(text) ? tape_.parse(text) : tape_.read(text);
    if (ec == errc::over_limit) return refuse(errc::over_limit, " has too many levels or values");
    if (ec) return refuse(errc::bad_text, " is not JSON");
    payload_ = tape_.root();
    schema_ = {};
    number_ = 0;
    if (is_wrapped(payload_)) unwrap(text);
    return {};
}

void half_reader::read_none() noexcept
{
    payload_ = {};
    schema_ = {};
    number_ = 0;
}

error_code half_reader::refuse(errc code, std::string_view what)
{
    wrong_.assign("the ").append(name_of(which_)).append(what);
    return code;
}

error_code half_reader::check_format(std::string_view text)
{
    static constexpr std::string_view beginnings = " \t\r\n{[\"-0123456789tfn";
    if (text.empty()) return refuse(errc::bad_text, " is empty");
    if (beginnings.find(text.front()) != beginnings.npos) return {};
    auto ec = refuse(errc::unsupported_format,
                     is_framed(text) ? " begins with the number of a schema, as a schema registry's converters (Avro, "
                                       "Protobuf, JSON Schema) write it: "
                                     : " is not JSON: ");
    wrong_ += converter_advice(which_);
    return ec;
}

void half_reader::unwrap(std::string_view text)
{
    auto root = payload_;
    payload_ = root.find("payload");
    if (!root.find("schema").is_present()) return;
    number_ = ++numbers_;
    schema_ = remember(text, payload_.name()) ? schema_tape_.root().find("schema") : root.find("schema");
}

/// Keeps everything up to the payload, if the payload is the second member and its name has no escapes.
bool half_reader::remember(std::string_view text, std::string_view payload_name)
{
    known_.clear();
    if (payload_name.data() < text.data() || payload_name.data() >= text.data() + text.size()) return false;
    auto name_end = static_cast<std::size_t>(payload_name.data() - text.data()) + payload_name.size();
    if (!text.substr(name_end).starts_with("\":")) return false;
    known_size_ = name_end + 2;
    known_.assign(text.substr(0, known_size_)).append("null}");
    known_number_ = number_;
    if (!schema_tape_.read(known_) && schema_tape_.root().find("schema")) return true;
    known_.clear();
    return false;
}

/// What begins as `{"schema":S,"payload":`, ends with a brace and has a JSON value in between is JSON.
bool half_reader::read_behind_schema(std::string_view text)
{
    if (known_.empty() || text.size() <= known_size_ || !text.ends_with('}')) return false;
    if (!text.starts_with(std::string_view{known_}.substr(0, known_size_))) return false;
    if (tape_.read(text.substr(known_size_, text.size() - known_size_ - 1))) return false;
    payload_ = tape_.root();
    schema_ = schema_tape_.root().find("schema");
    number_ = known_number_;
    return true;
}

std::string converter_advice(side which)
{
    std::string setting = name_of(which);
    setting += ".converter";
    return "set " + setting + " of the connector to org.apache.kafka.connect.json.JsonConverter, with " + setting +
           ".schemas.enable as you like";
}

}  // namespace understudy::debezium
