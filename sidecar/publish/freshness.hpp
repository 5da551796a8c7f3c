#pragma once

#include "core/db_time.hpp"
#include "core/lsn.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace understudy {

/// Earns `current_as_of`: a database time by which every acknowledged transaction is inside the
/// announced generation. Reads no clock; all times are the database's. Event-loop thread only.
///
/// A probe (the end F of the WAL, read after the time T) proves T once the stream has reached F, if no commit that
/// touched a mirrored table lies between the generation and F. What is inside a generation proves itself.
class freshness {
public:
    /// `at` was read on the database before `written`. Bounded: of too many, the latest replaces the one before. One
    /// before what was earned shows that the database's clock was put back: times of the former clock prove nothing.
    void probed(lsn written, db_time at);

    /// A commit whose record starts here touched a mirrored table. In order, and before reached() passes it.
    void touched(lsn commit_start);

    /// All commits up to here have been seen.
    void reached(lsn position);

    /// A generation with everything that ends at or before `position` is announced.
    void announced(std::uint64_t generation, lsn position);

    /// An earlier run proved this of the announced generation.
    void restore(db_time current_as_of) noexcept { earned_ = std::max(earned_.value_or(current_as_of), current_as_of); }

    /// The source is not the one that the pending probes and positions are about (another server, a resync).
    void forget_source();

    /// Never goes back for the same or a later generation, unless the database's clock did. Nothing until it was earned once.
    std::optional<db_time> current_as_of() const noexcept { return earned_; }

    static constexpr std::size_t probes_max = 64;
    static constexpr std::size_t touches_max = 1024;

private:
    struct probe {
        lsn written;
        db_time at{};
    };
    /// Commits that touched, from `first` to `last`; when there are too many, several are one entry and any
    /// position inside it counts as touched.
    struct touches {
        lsn first;
        lsn last;
    };

    bool proves(const probe& asked) const noexcept;
    void earn();

    std::deque<probe> probes_;
    std::deque<touches> touches_;
    std::optional<lsn> generation_;  ///< Position of the announced one.
    std::uint64_t number_ = 0;
    lsn reached_;
    std::optional<db_time> earned_;
};

}  // namespace understudy
