#include "app/reload_report.hpp"

#include "app/clean_text.hpp"
#include "app/logging.hpp"
#include "core/limits.hpp"

namespace understudy {

namespace {

reload_status::change shown(const changed_key& change)
{
    return {std::string{change.key}, clean_text(change.before, limits::shown_value_bytes_max),
            clean_text(change.after, limits::shown_value_bytes_max),
            change.effect == reload_effect::live ? "live" : "refused"};
}

void log_change(const reload_status::change& change)
{
    if (change.effect == "live")
        log_event(log_level::info, "reloaded", "the new value is in effect",
                  {{"key", change.key}, {"old", change.before}, {"new", change.after}});
    else
        log_event(log_level::warn, "reload_refused", "this key needs a restart; the old value stays",
                  {{"key", change.key}, {"old", change.before}, {"new", change.after}});
}

}  // namespace

reload_status report_reload(const std::vector<changed_key>& changes, db_time at)
{
    reload_status made{at, changes.empty() ? "unchanged" : "applied", "", {}};
    if (changes.empty()) log_event(log_level::info, "reloaded", "nothing has changed in the config");
    for (const auto& change : changes) {
        made.changes.push_back(shown(change));
        log_change(made.changes.back());
        if (change.effect == reload_effect::refused) made.result = "partly_refused";
    }
    return made;
}

reload_status report_refused_reload(const config_failure& why, db_time at)
{
    for (const auto& error : why.errors) log_event(log_level::error, "reload_refused", to_string(error));
    return {at, "refused", clean_text(to_string(why)), {}};
}

reload_status report_refused_reload(std::string_view key, std::string_view why, db_time at)
{
    log_event(log_level::error, "reload_refused", why, {{"key", key}});
    return {at, "refused", clean_text(why), {}};
}

}  // namespace understudy
