#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "files/files.hpp"
#include "publish/own_files.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Mode, owner and group as numbers. Error: bad_config for a user or group that the system does not know.
outcome<file_rights> find_rights(const snapshot_settings& settings);

/// `generations/0000000812` has this leaf.
std::string generation_name(std::uint64_t number);

/// The number in a generation's leaf name; zero if it is none.
std::uint64_t generation_number(std::string_view name) noexcept;

/// The numbers of the generations in a snapshot directory, descending; empty if they cannot be read. For any process.
std::vector<std::uint64_t> generation_numbers(const std::filesystem::path& directory);

/// The snapshot directory, held open and locked for this process.
///
/// Owns the descriptors and the lock (an OFD lock on `.lock`). Publish thread only. All writing goes through
/// the descriptors, so nothing is ever written through a path that somebody exchanged.
class snapshot_directory {
public:
    /// Opens, creating what is missing, locks, removes what a crash left behind, and tries each kind of step that
    /// a publish needs. Errors: store_busy if another daemon publishes here; bad_config for an unknown owner or
    /// group; bad_directory, with the remedy, for everything that cannot work here; disk_full.
    static outcome<snapshot_directory> open(const snapshot_settings& settings);

    enum class presence { same, made_again };

    /// To be asked before each publish: is what we hold still what stands at the path? A directory that was
    /// deleted, replaced or unmounted is created again and opened; nothing of before is in it then.
    /// Errors: as open(); then what we hold stays the old one.
    outcome<presence> ensure();

    /// Numbers of the generations that are there, ascending. Errors: storage_failed.
    outcome<std::vector<std::uint64_t>> generations() const;

    int fd() const noexcept { return root_.get(); }
    int generations_fd() const noexcept { return generations_.get(); }
    const std::filesystem::path& path() const noexcept { return settings_.directory; }
    const file_rights& rights() const noexcept { return rights_; }
    std::uint64_t reserve_bytes() const noexcept { return settings_.reserve_bytes; }

private:
    explicit snapshot_directory(snapshot_settings settings) : settings_{std::move(settings)} {}
    outcome<void> hold();
    outcome<void> lock();
    outcome<void> open_generations();
    outcome<void> remove_leftovers();

    snapshot_settings settings_;
    file_rights rights_;
    descriptor root_;
    descriptor lock_;
    descriptor generations_;
};

}  // namespace understudy
