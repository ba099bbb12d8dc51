// /metrics, for Prometheus.

#ifndef TALLYMAN_SERVER_HANDLERS_METRICS_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_METRICS_HANDLERS_H_

#include <functional>

#include "api/metrics/metrics_writer.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Writes families of metrics as of the present moment. Thread-safe; may block.
using MetricsSource = std::function<void(api::MetricsWriter&)>;

// Adds /metrics, which answers with what `source` writes, in the format that
// the request asks for. It needs a token, unless `is_public`. Requests at the
// same time share an answer.
void AddMetricsRoute(MetricsSource source, bool is_public, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_METRICS_HANDLERS_H_
