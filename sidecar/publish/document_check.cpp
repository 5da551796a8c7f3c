#include "publish/document_check.hpp"

#include "files/files.hpp"
#include "publish/digest.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

namespace json = boost::json;

/// Takes all that a JSON parser finds and keeps nothing.
struct ignore_values {
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t, json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

json::parse_options any_depth()
{
    json::parse_options options;
    options.max_depth = 4096;  // json columns nest as deep as their writers liked; the parser keeps a heap stack
    return options;
}

/// Compares the bytes of one document, block after block, with its manifest entry.
class content_check {
public:
    content_check(const manifest_document& document, std::vector<std::string>& differences)
        : document_{document}, differences_{differences}
    {
    }

    void add(std::string_view block);
    void finish();

private:
    void parse(std::string_view block);

    const manifest_document& document_;
    std::vector<std::string>& differences_;
    sha256_stream whole_;
    json::basic_parser<ignore_values> parser_{any_depth()};
    json::error_code not_json_;
    std::size_t blocks_ = 0;
};

void content_check::add(std::string_view block)
{
    whole_.add(block);
    if (blocks_ < document_.blocks.size() && sha256_hex(block) != document_.blocks[blocks_])
        differences_.push_back(fmt::format("{}: block {} (from byte {}) has another SHA-256", document_.file, blocks_,
                                           blocks_ * block_bytes));
    ++blocks_;
    parse(block);
}

void content_check::parse(std::string_view block)
{
    if (not_json_) return;
    parser_.write_some(true, block.data(), block.size(), not_json_);
    if (not_json_)
        differences_.push_back(
            fmt::format("{}: not JSON in block {}: {}", document_.file, blocks_ - 1, not_json_.message()));
}

void content_check::finish()
{
    if (!not_json_) {
        parser_.write_some(false, "", 0, not_json_);
        if (not_json_) differences_.push_back(fmt::format("{}: its JSON is not complete", document_.file));
    }
    if (blocks_ != document_.blocks.size())
        differences_.push_back(
            fmt::format("{}: {} blocks instead of {}", document_.file, blocks_, document_.blocks.size()));
    if (whole_.hex() != document_.sha256)
        differences_.push_back(fmt::format("{}: another SHA-256 than in the manifest", document_.file));
}

/// Reads until `block` is full or the file ends. False on an error.
bool read_block(int fd, std::string& block)
{
    block.resize(block_bytes);
    std::size_t used = 0;
    while (used < block.size()) {
        auto got = ::read(fd, block.data() + used, block.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
    }
    block.resize(used);
    return true;
}

descriptor open_part(int directory, const std::string& name, std::uint64_t bytes, std::vector<std::string>& differences)
{
    descriptor file{::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat facts{};
    if (file.get() < 0 || ::fstat(file.get(), &facts) != 0)
        differences.push_back(fmt::format("{}: {}", name, std::strerror(errno)));
    else if (!S_ISREG(facts.st_mode))
        differences.push_back(fmt::format("{}: not a regular file", name));
    else if (static_cast<std::uint64_t>(facts.st_size) != bytes)
        differences.push_back(fmt::format("{}: {} bytes instead of {}", name, facts.st_size, bytes));
    return file;
}

void check_index(int directory, const index_digest& index, std::vector<std::string>& differences)
{
    auto text = read_file(directory, index.file, index.bytes);
    if (!text)
        differences.push_back(text.error().text);
    else if (sha256_hex(*text) != index.sha256)
        differences.push_back(fmt::format("{}: another SHA-256 than in the manifest", index.file));
}

}  // namespace

void check_size(int directory, const manifest_document& document, std::vector<std::string>& differences)
{
    open_part(directory, document.file, document.bytes, differences);
    if (document.index) open_part(directory, document.index->file, document.index->bytes, differences);
}

void check_content(int directory, const manifest_document& document, std::vector<std::string>& differences)
{
    if (document.index) check_index(directory, *document.index, differences);
    auto file = open_part(directory, document.file, document.bytes, differences);
    if (file.get() < 0) return;
    content_check check{document, differences};
    std::string block;
    do {
        if (!read_block(file.get(), block)) {
            differences.push_back(fmt::format("{}: {}", document.file, std::strerror(errno)));
            return;
        }
        if (!block.empty()) check.add(block);
    } while (block.size() == block_bytes);
    check.finish();
}

}  // namespace understudy
