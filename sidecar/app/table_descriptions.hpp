#pragma once

#include "core/settings.hpp"
#include "publish/generation.hpp"
#include "source/mirrored_table.hpp"

#include <map>
#include <vector>

namespace understudy {

/// What the manifest says of each table beside its shape: the kinds of its columns, and those that are not mirrored,
/// `excluded` by the settings, or `not_sent` by the publication or the server. Pure.
std::map<table_name, table_description> describe_tables(const std::vector<table_setting>& wanted,
                                                        const std::vector<mirrored_table>& tables);

}  // namespace understudy
