#include "decode/copy_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace understudy;

// The first byte says how many columns to expect. Fields never add up to more than the line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    static std::string scratch;
    static std::vector<copy_text::field> fields;
    std::string_view line{reinterpret_cast<const char*>(data) + 1, size - 1};
    if (copy_text::split_line(line, data[0], scratch, fields)) return 0;
    std::size_t total = 0;
    for (const auto& field : fields) {
        std::string copied{field.text};
        total += copied.size();
        if (field.is_null && !copied.empty()) std::abort();
    }
    if (fields.size() != data[0] || total > line.size()) std::abort();
    return 0;
}
