#pragma once

#include "serve/http_types.hpp"
#include "serve/serving_state.hpp"

#include <string_view>

namespace understudy {

/// GET /livez: the daemon's own loop makes progress. Says nothing of the database.
http_response answer_livez(const serving_state& state);

/// GET /readyz: a usable generation is served, whether or not the database is up.
http_response answer_readyz(const serving_state& state);

/// GET /fresh?max_age=30: the generation is current as of that many seconds ago at most, with the numbers; without a bound,
/// that its age is known.
http_response answer_fresh(const serving_state& state, std::string_view query);

/// GET /status.json: as the file, and what only the serving side knows.
http_response answer_status(const serving_state& state);

/// GET /metrics
http_response answer_metrics(const serving_state& state);

/// GET /?refresh=5: the status page, which the browser loads again after so many seconds if that is asked for.
http_response answer_page(const serving_state& state, std::string_view query);

}  // namespace understudy
