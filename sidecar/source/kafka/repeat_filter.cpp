#include "source/kafka/repeat_filter.hpp"

#include "source/kafka/event_place.hpp"

#include <algorithm>
#include <utility>

namespace understudy::kafka {

repeat_filter::verdict repeat_filter::judge(partition_place& place, const debezium::event& event)
{
    auto mark = mark_of(event.source);
    auto fingerprint = fingerprint_of(event);
    if (known_.knows(mark, fingerprint)) {
        place.repeating = mark < place.mark;
        return verdict::repeat;
    }
    if (std::exchange(skips_, false)) known_.forget(std::max(mark, place.mark.value_or(mark)));
    // Which is a new one, if it stands behind the other's last commit.
    bool is_first_of_connector = mark.last_commit == 0;
    bool is_of_new_connector =
        is_first_of_connector && place.mark && place.mark->last_commit != 0 && mark.lsn > place.mark->last_commit;
    if (is_of_new_connector) {
        known_.clear();
        place.mark.reset();
    }
    if (mark < place.mark) {
        if (!is_first_of_connector && known_.reaches_back_to(mark)) return verdict::out_of_order;
        known_.clear();
        place.repeating = true;
    } else {
        place.mark = mark;
        place.repeating = false;
    }
    known_.add(mark, fingerprint);
    return is_of_new_connector ? verdict::news_of_new_connector : verdict::news;
}

}  // namespace understudy::kafka
