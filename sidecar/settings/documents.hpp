#pragma once

#include "core/settings.hpp"
#include "settings/config_tree.hpp"

#include <vector>

namespace understudy {

/// Reads those entries of `documents` in which `errors` names nothing yet, or gives the default document when
/// there are none. Adds to `errors` what a schema cannot say: files or members of one name, tables and columns not mirrored.
std::vector<document_settings> read_documents(const config_tree& tree, const std::vector<table_setting>& tables,
                                              config_errors& errors);

}  // namespace understudy
