#pragma once

#include "publish/status_file.hpp"
#include "settings/load.hpp"
#include "settings/reload.hpp"

#include <string_view>
#include <vector>

namespace understudy {

/// Logs what reading the config again changed, one line for each key with its old and new value, and gives the same for
/// status.
reload_status report_reload(const std::vector<changed_key>& changes, db_time at);

/// The same for a file that cannot be used; nothing has changed then.
reload_status report_refused_reload(const config_failure& why, db_time at);
reload_status report_refused_reload(std::string_view key, std::string_view why, db_time at);

}  // namespace understudy
