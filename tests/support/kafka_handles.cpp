#include "support/kafka_handles.hpp"

#include <stdexcept>

namespace understudy::testing {

namespace {

/// For a broker beside us that starts and ends with the tests: the library's own patience costs seconds each time.
const kafka_settings impatient{{"reconnect.backoff.ms", "20"},
                               {"reconnect.backoff.max.ms", "200"},
                               {"retry.backoff.ms", "20"},
                               {"topic.metadata.refresh.fast.interval.ms", "20"}};

}  // namespace

kafka_client_handle new_kafka_client(rd_kafka_type_t type, const kafka_settings& settings,
                                     kafka_delivery_report* delivered)
{
    char reason[512] = "";
    kafka_conf_handle conf{rd_kafka_conf_new()};
    auto all = settings;
    all.insert(impatient.begin(), impatient.end());
    for (const auto& [name, value] : all)
        if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK)
            throw std::runtime_error{reason};
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf.get(), delivered);
    auto* settled = conf.release();  // the client's, if there will be one
    kafka_client_handle client{rd_kafka_new(type, settled, reason, sizeof reason)};
    if (client) return client;
    rd_kafka_conf_destroy(settled);
    throw std::runtime_error{reason};
}

void check_kafka(rd_kafka_resp_err_t error, const std::string& what, const char* text)
{
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    throw std::runtime_error{what + ": " + (text != nullptr ? text : rd_kafka_err2str(error))};
}

void check_kafka(rd_kafka_error_t* owned_error, const std::string& what)
{
    if (kafka_error_handle error{owned_error})
        throw std::runtime_error{what + ": " + rd_kafka_error_string(error.get())};
}

}  // namespace understudy::testing
