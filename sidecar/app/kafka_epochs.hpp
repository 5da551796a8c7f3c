#pragma once

#include "app/daemon_state.hpp"
#include "app/kafka_preparation.hpp"
#include "app/store_writer.hpp"

#include <boost/asio/awaitable.hpp>

namespace understudy {

/// Gives the tables of `sources` their epochs, new ones to those that are read anew, and stores these and the places where reading
/// begins in one durable step. Event loop. Errors: those of the store.
asio::awaitable<outcome<void>> store_plan(const kafka_plan& plan, kafka_sources& sources, store_writer& writer,
                                          daemon_state& state);

}  // namespace understudy
