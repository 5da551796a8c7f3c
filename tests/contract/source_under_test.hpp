#pragma once

#include "core/position.hpp"
#include "source/stream_sink.hpp"

#include <concepts>
#include <cstddef>
#include <string>

namespace understudy::testing {

/// A source with an upstream that a contract can write to. Throws when the upstream does not do its work.
template <class Source>
concept source_under_test =
    std::default_initializable<Source> &&
    requires(Source source, std::size_t number, const stored_position& from, stream_sink& sink, bool (*condition)()) {
        /// Commits one transaction that puts so many new rows, of 50 bytes and more, into a mirrored table.
        source.write(number);

        /// Where the upstream was when the source was made.
        { source.start() } -> std::convertible_to<stored_position>;

        /// Hands out to `sink` from a position on, while until() runs. Transactions of more bytes than `number` come
        /// in parts.
        source.follow(from, number, sink);

        /// The sink accepts again.
        source.resume();

        /// Asks the upstream how far it is, so that on_reached comes also when nothing is written.
        source.ask();

        /// Ends follow(); nothing more is handed out when it returns.
        source.stop();

        /// Changes with each sign of life that the upstream gets from us.
        { source.last_heard() } -> std::same_as<std::string>;

        /// Lets the source work until the condition holds; false when it does not before a deadline.
        { source.until(condition) } -> std::same_as<bool>;
    };

}  // namespace understudy::testing
