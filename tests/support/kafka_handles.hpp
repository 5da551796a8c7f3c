#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>

// librdkafka's objects, owned. https://github.com/confluentinc/librdkafka/blob/v2.0.2/src/rdkafka.h
namespace understudy::testing {

template <auto Destroy>
struct kafka_deleter {
    template <class T>
    void operator()(T* object) const noexcept
    {
        Destroy(object);
    }
};

template <class T, auto Destroy>
using kafka_owned = std::unique_ptr<T, kafka_deleter<Destroy>>;

using kafka_client_handle = kafka_owned<rd_kafka_t, &rd_kafka_destroy>;
using kafka_conf_handle = kafka_owned<rd_kafka_conf_t, &rd_kafka_conf_destroy>;
using kafka_queue_handle = kafka_owned<rd_kafka_queue_t, &rd_kafka_queue_destroy>;
using kafka_event_handle = kafka_owned<rd_kafka_event_t, &rd_kafka_event_destroy>;
using kafka_message_handle = kafka_owned<rd_kafka_message_t, &rd_kafka_message_destroy>;
using kafka_error_handle = kafka_owned<rd_kafka_error_t, &rd_kafka_error_destroy>;
using kafka_headers_handle = kafka_owned<rd_kafka_headers_t, &rd_kafka_headers_destroy>;
using kafka_partitions_handle = kafka_owned<rd_kafka_topic_partition_list_t, &rd_kafka_topic_partition_list_destroy>;
using kafka_admin_options_handle = kafka_owned<rd_kafka_AdminOptions_t, &rd_kafka_AdminOptions_destroy>;
using kafka_new_topic_handle = kafka_owned<rd_kafka_NewTopic_t, &rd_kafka_NewTopic_destroy>;
using kafka_delete_topic_handle = kafka_owned<rd_kafka_DeleteTopic_t, &rd_kafka_DeleteTopic_destroy>;
using kafka_new_partitions_handle = kafka_owned<rd_kafka_NewPartitions_t, &rd_kafka_NewPartitions_destroy>;
using kafka_config_resource_handle = kafka_owned<rd_kafka_ConfigResource_t, &rd_kafka_ConfigResource_destroy>;
using kafka_delete_records_handle = kafka_owned<rd_kafka_DeleteRecords_t, &rd_kafka_DeleteRecords_destroy>;
using kafka_acl_handle = kafka_owned<rd_kafka_AclBinding_t, &rd_kafka_AclBinding_destroy>;
using kafka_metadata_handle = kafka_owned<const rd_kafka_metadata_t, &rd_kafka_metadata_destroy>;

using kafka_settings = std::map<std::string, std::string>;
using kafka_delivery_report = void(rd_kafka_t*, const rd_kafka_message_t*, void*);

/// A client that writes nothing to stderr. Throws std::runtime_error.
kafka_client_handle new_kafka_client(rd_kafka_type_t type, const kafka_settings& settings,
                                     kafka_delivery_report* delivered = nullptr);

/// Throw std::runtime_error with what failed, unless nothing did.
void check_kafka(rd_kafka_resp_err_t error, const std::string& what, const char* text = nullptr);
void check_kafka(rd_kafka_error_t* owned_error, const std::string& what);

}  // namespace understudy::testing
