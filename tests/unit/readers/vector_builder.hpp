#pragma once

#include "core/db_time.hpp"
#include "core/lsn.hpp"
#include "core/settings.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

inline constexpr db_time vector_content_as_of{std::chrono::microseconds{1'795'398'885'088'311}};
inline constexpr db_time vector_now{std::chrono::seconds{1'795'399'200}};

/// What one generation of a vector holds. The defaults are those of the plain case.
struct vector_generation {
    std::uint64_t number = 812;
    lsn position{0x16'B374'D848};
    std::string system_id = "7437512345678901234";
    std::string database = "shop";
    std::vector<std::array<std::string, 3>> materials{{"1", "\"Bolt\"", "0.25"}, {"2", "\"Plate\"", "0.50"}};
    std::vector<document_settings> documents{document_settings{}};
};

/// What status.json says. By default it is that of the plain generation, proved 12.5 s before now.
struct vector_status {
    std::uint64_t generation = 812;
    lsn position{0x16'B374'D848};
    std::optional<db_time> current_as_of = vector_now - std::chrono::milliseconds{12'500};
    std::optional<std::int64_t> clock_offset_ms = 0;
};

/// A snapshot directory as the daemon leaves it, made by what the daemon makes it with. Throws std::runtime_error.
class vector_directory {
public:
    explicit vector_directory(std::filesystem::path at) : path_{std::move(at)} {}

    /// Writes a generation and announces it; the one before stays, and equal documents are links to it.
    void publish(const vector_generation& wanted);
    void say(const vector_status& wanted) const;

    /// Exchanges a file's text, or takes it away when nothing comes back. `current/` leads to what is announced.
    void edit(const std::string& file, const std::function<std::optional<std::string>(std::string)>& change) const;

    /// Lets `current` lead to another directory.
    void point_current_at(const std::string& target) const;

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

std::string text_of(const std::filesystem::path& file);
void put_text(const std::filesystem::path& file, const std::string& text);

}  // namespace understudy
