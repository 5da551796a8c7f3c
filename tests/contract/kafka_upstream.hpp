#pragma once

#include "contract/upstream.hpp"
#include "support/kafka_topics.hpp"

#include <cstdint>
#include <map>

namespace understudy::testing {

/// A topic of its own on a broker that all share, written as Debezium would, with schemas.
class kafka_upstream {
public:
    static constexpr errc absent_table = errc::topic_missing;

    kafka_upstream();
    ~kafka_upstream();

    settings wanted() const;
    std::shared_ptr<source_session> session(const settings& wanted, store_writer& writer, daemon_state& state,
                                            source_session::callbacks notify) const;
    void insert(std::size_t count);
    void update(const std::string& body);
    void remove(const std::string& body);
    std::set<std::string> bodies() const;
    void stop();
    void start();
    settings unreachable(settings wanted) const;
    bool knows(const stored_position& durable);

private:
    std::size_t id_of(const std::string& body) const;
    kafka_message event(char op, std::size_t id, const std::string& body);

    std::string prefix_;
    std::string topic_;
    kafka_topics topics_;
    std::map<std::size_t, std::string> rows_;
    std::size_t next_ = 1;
    std::int64_t position_ = 1000;
};

static_assert(upstream<kafka_upstream>);

}  // namespace understudy::testing
