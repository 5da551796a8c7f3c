#pragma once

#include "core/settings.hpp"
#include "settings/config_tree.hpp"

#include <vector>

namespace understudy {

/// Reads those entries of `tables` in which `errors` names nothing yet, adding what a schema cannot say to `errors`: names,
/// tables and columns written twice, `columns` beside `exclude`.
std::vector<table_setting> read_tables(const config_tree& tree, config_errors& errors);

/// The entry that a table is mirrored by: its own, else that of its schema, else null.
const table_setting* entry_for(const std::vector<table_setting>& tables, const table_name& name);

}  // namespace understudy
