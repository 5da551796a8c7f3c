#pragma once

#include "app/service_notifier.hpp"

#include <thread>

namespace understudy {

/// While it lives, the service manager hears that the thread which made it gets on: as long as that one uses processor time.
/// For work that takes as long as a disk, before there is an event loop. Belongs to that thread; borrows the notifier.
class sign_of_life {
public:
    explicit sign_of_life(const service_notifier& to);

private:
    std::jthread teller_;
};

}  // namespace understudy
