#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "source/kafka/description.hpp"
#include "source/mirrored_table.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace understudy::kafka {

/// A table that is followed, and the topic that its rows come in.
struct topic_table {
    std::string topic;
    mirrored_table table;                   ///< Its epoch is the caller's to set.
    std::vector<described_column> columns;  ///< Of each column of the shape, in its order.
    column_origin origin = column_origin::description;
    std::vector<std::string> generated = {};  ///< Columns that the description says are.
    bool may_send_generated = true;           ///< Changes may hold them: the server that was described can (18).
};

/// A topic whose messages have to say what its table is.
struct asked_topic {
    std::string topic;
    table_name table;
    bool is_guess = false;  ///< The name is the topic's; messages may know it better.
    friend bool operator==(const asked_topic&, const asked_topic&) = default;
};

/// The topic of a table under a connector's prefix. Debezium replaces what a topic's name cannot hold by `_`.
std::string topic_name(const std::string& prefix, const table_name& table);

/// The topics of the tables that the settings ask for and the description lacks, as far as the cluster has them. `schema.*` is
/// what a description says, if there is one at all; else what the cluster's topics are. Pure.
std::vector<asked_topic> topics_to_ask(const settings& wanted, const description& known,
                                       const std::map<std::string, std::int32_t>& topics);

/// Plans every table that the settings ask for, in config order, with those of `schema.*` by name. `topics` are those that
/// the cluster has. Pure. Errors: bad_config for a table that is not known though it has a topic, or for columns that it does
/// not have; table_unusable for one whose rows nothing tells apart; topic_missing; unsupported_type.
outcome<std::vector<topic_table>> plan_topics(const settings& wanted, const description& known,
                                              const std::map<std::string, std::int32_t>& topics);

}  // namespace understudy::kafka
