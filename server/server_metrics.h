// The metrics of the program as a whole.

#ifndef TALLYMAN_SERVER_SERVER_METRICS_H_
#define TALLYMAN_SERVER_SERVER_METRICS_H_

#include <string_view>

#include "absl/time/time.h"
#include "api/metrics/metrics_writer.h"
#include "server/http/http_server.h"
#include "storage/database.h"

namespace tallyman::server {

void WriteProgramMetrics(std::string_view version, absl::Time started_at,
                         api::MetricsWriter& writer);

void WriteConnectionMetrics(const HttpServer::Counts& counts,
                            api::MetricsWriter& writer);

// The name ends as that of blackbox_exporter's probe_ssl_earliest_cert_expiry,
// so that the same alert serves both.
void WriteCertificateMetrics(absl::Time expiry, api::MetricsWriter& writer);

// Writes nothing if the database cannot be read.
void WriteDatabaseMetrics(storage::Database& database,
                          api::MetricsWriter& writer);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_SERVER_METRICS_H_
