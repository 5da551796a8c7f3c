#pragma once

#include "support/files.hpp"

#include <cstdint>
#include <filesystem>

namespace understudy::testing {

/// A small filesystem of its own, mounted on a directory for as long as this lives. Takes root, or sudo that asks
/// nothing: a test that needs one fails loudly without. Throws std::runtime_error.
class mounted_disk {
public:
    enum class kind { tmpfs, ext4 };

    mounted_disk(kind what, std::filesystem::path mount_point, std::uint64_t bytes);
    mounted_disk(const mounted_disk&) = delete;
    mounted_disk& operator=(const mounted_disk&) = delete;
    ~mounted_disk();

    /// Leaves not a byte free; make_room() takes that back.
    void fill() const;
    void make_room() const;

private:
    std::filesystem::path filler() const { return mount_point_ / "filler"; }

    kind kind_;
    std::filesystem::path mount_point_;
    temp_directory image_;
};

}  // namespace understudy::testing
