#pragma once

#include "support/oracle.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace understudy::testing {

class mirror;

/// Every committed state of some members of a document, by the count of the marker. There must be one writer of them:
/// then what it reads just before its COMMIT is the state that it commits.
class committed_states {
public:
    /// Looks at these members only; one whose table is not there is expected not to be there either.
    committed_states(mirror& source, std::vector<std::string> members);

    /// Runs the statements in one transaction that also counts the marker up.
    void commit(const std::string& statements);

    /// What is wrong with a document: it shows no state that was committed. Any thread.
    std::string check(const published_document& document) const;

private:
    bool is_ours(const std::string& member) const;
    member_rows read();

    mirror& source_;
    std::vector<std::string> members_;
    mutable std::mutex mutex_;
    std::map<std::int64_t, member_rows> states_;  // settle() counts up without a change: the one before holds
};

}  // namespace understudy::testing
