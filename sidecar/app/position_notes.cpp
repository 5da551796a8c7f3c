#include "app/position_notes.hpp"

#include "source/kafka/places.hpp"

namespace understudy {

void add_position_notes(const stored_position& at, generation_request& to)
{
    if (at.places.empty()) return;
    auto places = kafka::decode_places(at.places);
    if (!places) return;  // the session that reads them fails, and says so
    to.offsets = kafka::offsets_json(*places);
    for (const auto& [name, place] : places->tables) {
        auto& doubts = to.catalog[name].doubts;
        if (place.doubts.skipped_records) doubts.emplace_back("skipped_records");
        if (place.doubts.nulls_as_defaults) doubts.emplace_back("nulls_as_defaults");
        if (place.doubts.other_types) doubts.emplace_back("other_types");
        if (place.doubts.untold_defaults) doubts.emplace_back("untold_defaults");
        if (place.doubts.untold_history) doubts.emplace_back("untold_history");
        if (place.doubts.no_snapshot) doubts.emplace_back("no_snapshot");
        if (place.doubts.resnapshot) doubts.emplace_back("resnapshot");
    }
}

}  // namespace understudy
