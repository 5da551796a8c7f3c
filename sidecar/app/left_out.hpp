#pragma once

#include "core/settings.hpp"
#include "publish/manifest.hpp"
#include "source/postgres/mirrored_table.hpp"

#include <map>
#include <vector>

namespace understudy {

/// The columns of each table that are not mirrored, as the manifest names them: `excluded` by the settings, or
/// `not_sent` by the publication or the server. Tables that are mirrored whole are not in it. Pure.
std::map<table_name, std::vector<left_out_column>> left_out_columns(const std::vector<table_setting>& wanted,
                                                                    const std::vector<mirrored_table>& tables);

}  // namespace understudy
