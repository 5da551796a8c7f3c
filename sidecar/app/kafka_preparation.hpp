#pragma once

#include "app/source_session.hpp"
#include "core/settings.hpp"
#include "core/store_state.hpp"
#include "source/kafka/client.hpp"
#include "source/kafka/newest_schemas.hpp"
#include "source/kafka/patient_client.hpp"
#include "source/kafka/places.hpp"
#include "source/kafka/topics.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

/// What the cluster and the description say of the tables that are wanted: facts only.
struct kafka_sources {
    kafka::cluster_facts cluster;
    type_catalog types;
    std::vector<kafka::topic_table> tables;
    std::map<std::string, kafka::topic_config> configs;                       ///< Of each topic that is followed.
    kafka::topic_ranges ranges;                                               ///< Of each partition of each.
    std::optional<std::pair<std::string, kafka::offset_range>> heartbeat;     ///< Topic and range of its partition 0.
    std::optional<std::pair<std::string, kafka::offset_range>> transactions;  ///< The same, if it has no other.

    kafka::retention retention_of(const std::string& topic, const table_name& table,
                                  const kafka_settings& wanted) const;
};

/// Asks the cluster, reads the description, and of tables that it lacks the newest messages; of a topic that holds none, the
/// columns are those of `stored`. Blocks: see kafka::patient_client and kafka::find_schemas. Errors: those of both; bad_config for a
/// description that cannot be read; columns_unknown; those of plan_topics.
outcome<kafka_sources> survey_topics(kafka::patient_client& client, const settings& wanted,
                                     const std::vector<table_record>& stored);

/// The name of the topic in which the connector shows that it lives; empty when none is known.
std::string heartbeat_topic_of(const kafka_settings& wanted);

/// The name of the topic in which it tells what belongs to one transaction; empty when none is known.
std::string transaction_topic_of(const kafka_settings& wanted);

/// What a store that holds `stored` has to do to follow these sources.
struct kafka_plan {
    store_identity identity;
    kafka::log_places places;        ///< Where reading goes on; of anew read tables, where it begins.
    std::vector<table_name> anew;    ///< Tables that are read from the beginning, into new epochs.
    std::optional<failure> because;  ///< Of the first that the store had.
    bool changed = false;            ///< The store's state has to be written before anything is read.
};

/// Pure. `now` is on our clock. Errors: store_foreign for a store of another source.
outcome<kafka_plan> plan_reading(const store_state& stored, const kafka_sources& sources, const settings& wanted,
                                 const copy_demand& demand, db_time now);

}  // namespace understudy
