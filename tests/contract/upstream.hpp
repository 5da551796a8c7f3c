#pragma once

#include "app/daemon_state.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "core/settings.hpp"

#include <concepts>
#include <memory>
#include <set>
#include <string>

namespace understudy::testing {

/// Something that a session follows, and that a contract can write to: one table `public.items (id int primary key, body text)`.
/// Throws when it does not do its work. What it is asked to do is done, and can be followed, when the call returns.
template <class Upstream>
concept upstream = std::default_initializable<Upstream> &&
                   requires(Upstream source, const settings& wanted, store_writer& writer, daemon_state& state,
                            source_session::callbacks notify, const std::string& body, std::size_t number,
                            const stored_position& durable) {
                       /// How to follow it: `source` and `tables`.
                       { source.wanted() } -> std::same_as<settings>;

                       {
                           source.session(wanted, writer, state, std::move(notify))
                       } -> std::same_as<std::shared_ptr<source_session>>;

                       /// New rows, of which each has a body of its own: so many changes.
                       source.insert(number);

                       /// The row of this body has a new one, or is gone: one change.
                       source.update(body);
                       source.remove(body);

                       /// Of all rows.
                       { source.bodies() } -> std::same_as<std::set<std::string>>;

                       /// It cannot be reached, and can again with all that it held.
                       source.stop();
                       source.start();

                       /// The same settings for an address where nothing answers.
                       { source.unreachable(wanted) } -> std::same_as<settings>;

                       /// What a table that it does not have is to a session.
                       { Upstream::absent_table } -> std::convertible_to<errc>;

                       /// Whether it knows that what lies before this is durable with us.
                       { source.knows(durable) } -> std::same_as<bool>;
                   };

/// The bodies that the upstreams write, and the tests look for.
inline std::string body_of(std::size_t number)
{
    return "body-" + std::to_string(number) + ".";
}

}  // namespace understudy::testing
