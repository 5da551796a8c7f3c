#include "decode/json_tape.hpp"

#include "core/limits.hpp"
#include "decode/json_skeleton.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace understudy {

namespace {

namespace json = boost::json;

/// What the parser calls for each part of a text.
class tape_writer {
public:
    // Boost asks for bounds of its own; ours are those of tape_writer.
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    /// `text` is what is going to be parsed.
    void start(std::string_view text)
    {
        if (entries_.capacity() > limits::json_values_kept) entries_ = {};
        if (unescaped_.capacity() > limits::json_bytes_kept) unescaped_ = {};
        entries_.clear();
        open_.clear();
        unescaped_.clear();
        parts_at_ = 0;
        name_ = {};
        text_ = text;
    }

    /// The same for a scalar inside of the text: what was lent out before stays.
    void start_scalar()
    {
        entries_.clear();
        name_ = {};
        parts_at_ = unescaped_.size();
    }

    std::span<const tape_entry> entries() const noexcept { return entries_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) { return open(json_kind::object, ec); }
    bool on_object_end(std::size_t size, error_code&) { return close(size); }
    bool on_array_begin(error_code& ec) { return open(json_kind::array, ec); }
    bool on_array_end(std::size_t size, error_code&) { return close(size); }
    bool on_key_part(json::string_view part, std::size_t, error_code& ec) { return append_part(part, ec); }
    bool on_key(json::string_view last, std::size_t, error_code& ec) { return finish(last, name_, ec); }
    bool on_string_part(json::string_view part, std::size_t, error_code& ec) { return append_part(part, ec); }
    bool on_string(json::string_view last, std::size_t, error_code& ec)
    {
        std::string_view whole;
        return finish(last, whole, ec) && add(json_kind::string, whole, ec);
    }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view text, error_code& ec) { return add_number(text, ec); }
    bool on_uint64(std::uint64_t, json::string_view text, error_code& ec) { return add_number(text, ec); }
    bool on_double(double, json::string_view text, error_code& ec) { return add_number(text, ec); }
    bool on_bool(bool value, error_code& ec) { return add(json_kind::boolean, value ? "true" : "false", ec); }
    bool on_null(error_code& ec) { return add(json_kind::null, {}, ec); }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

private:
    bool add(json_kind kind, std::string_view text, error_code& ec)
    {
        if (entries_.size() == limits::json_values_max) {
            ec = errc::over_limit;
            return false;
        }
        entries_.push_back({.name = name_, .text = text, .extent = 1, .size = 0, .kind = kind});
        name_ = {};
        return true;
    }

    bool add_number(json::string_view text, error_code& ec)
    {
        return add(json_kind::number, {text.data(), text.size()}, ec);
    }

    bool open(json_kind kind, error_code& ec)
    {
        open_.push_back(static_cast<std::uint32_t>(entries_.size()));
        return add(kind, {}, ec);
    }

    bool close(std::size_t size)
    {
        auto& container = entries_[open_.back()];
        container.extent = static_cast<std::uint32_t>(entries_.size()) - open_.back();
        container.size = static_cast<std::uint32_t>(size);
        open_.pop_back();
        return true;
    }

    bool append_part(json::string_view part, error_code& ec)
    {
        if (part.find('\0') != part.npos) {
            ec = errc::bad_text;
            return false;
        }
        // Undoing escapes never makes a text longer, so nothing that was lent out moves.
        if (unescaped_.capacity() < text_.size()) unescaped_.reserve(text_.size());
        unescaped_.append(part.data(), part.size());
        return true;
    }

    /// The last part of a string or name. One that came in parts before, or from a buffer of the parser, is kept here.
    bool finish(json::string_view last, std::string_view& whole, error_code& ec)
    {
        if (unescaped_.size() == parts_at_ && is_of_text(last.data())) {
            whole = {last.data(), last.size()};
            return true;
        }
        if (!append_part(last, ec)) return false;
        whole = std::string_view{unescaped_}.substr(parts_at_);
        parts_at_ = unescaped_.size();
        return true;
    }

    bool is_of_text(const char* place) const noexcept
    {
        return place >= text_.data() && place <= text_.data() + text_.size();
    }

    std::vector<tape_entry> entries_;
    std::vector<std::uint32_t> open_;  // containers that have not ended, outermost first
    std::string unescaped_;
    std::size_t parts_at_ = 0;  // where the parts of the current string begin in it
    std::string_view name_;     // of the value to come
    std::string_view text_;
};

json::parse_options options()
{
    json::parse_options strict;
    strict.max_depth = limits::nesting_max;
    return strict;
}

error_code reason_for(const error_code& ec) noexcept
{
    if (ec.category() == understudy_category()) return ec;
    return ec == json::error::too_deep ? errc::over_limit : errc::bad_text;
}

/// The messages of one topic differ in what is null, an object or not there.
class known_skeletons {
public:
    const tape_entry* read(std::string_view text, json_skeleton::scalar_reader& others)
    {
        for (std::size_t tried = 0; tried < known_.size(); ++tried) {
            auto& one = known_[(last_ + tried) % known_.size()];
            if (!one.skeleton.read(text, others)) continue;
            one.is_used = true;
            last_ = (last_ + tried) % known_.size();
            return one.skeleton.first();
        }
        return nullptr;
    }

    /// Of texts that never have the skeleton of another one, not each is learned.
    void learn(std::string_view text, std::span<const tape_entry> entries)
    {
        auto& oldest = known_[next_];
        if (!oldest.is_used && ++unused_ % learned_share != 0) return;
        oldest.skeleton.learn(text, entries);
        oldest.is_used = false;
        next_ = (next_ + 1) % known_.size();
    }

private:
    static constexpr std::size_t learned_share = 16;

    struct known {
        json_skeleton skeleton;
        bool is_used = true;  // there was none
    };
    std::array<known, limits::skeletons_max> known_;
    std::size_t last_ = 0;  ///< That a text had.
    std::size_t next_ = 0;  ///< To be forgotten.
    std::size_t unused_ = 0;
};

}  // namespace

struct json_tape::reader final : json_skeleton::scalar_reader {
    json::basic_parser<tape_writer> parser{options()};
    known_skeletons known;
    const tape_entry* first = nullptr;

    error_code parse(std::string_view text)
    {
        parser.reset();
        error_code ec;
        auto size = parser.write_some(false, text.data(), text.size(), ec);
        if (!ec && size != text.size()) ec = errc::bad_text;
        return ec;
    }

    bool read(std::string_view scalar, tape_entry& into) override
    {
        parser.handler().start_scalar();
        if (parse(scalar)) return false;
        const auto& found = parser.handler().entries().front();
        into.kind = found.kind;
        into.text = found.text;
        return true;
    }
};

json_node json_node::find(std::string_view name) const noexcept
{
    if (!is(json_kind::object)) return {};
    for (auto member : *this)
        if (member.name() == name) return member;
    return {};
}

json_tape::json_tape() : reader_{std::make_unique<reader>()} {}
json_tape::~json_tape() = default;
json_tape::json_tape(json_tape&&) noexcept = default;
json_tape& json_tape::operator=(json_tape&&) noexcept = default;

error_code json_tape::read(std::string_view text)
{
    reader_->parser.handler().start(text);
    reader_->first = reader_->known.read(text, *reader_);
    if (reader_->first != nullptr) return {};
    if (auto ec = parse(text)) return ec;
    reader_->known.learn(text, reader_->parser.handler().entries());
    return {};
}

error_code json_tape::parse(std::string_view text)
{
    auto& writer = reader_->parser.handler();
    writer.start(text);
    reader_->first = nullptr;
    if (auto ec = reader_->parse(text)) return reason_for(ec);
    reader_->first = writer.entries().data();
    return {};
}

json_node json_tape::root() const noexcept
{
    return reader_->first == nullptr ? json_node{} : json_node{reader_->first};
}

}  // namespace understudy
