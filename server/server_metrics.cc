#include "server/server_metrics.h"

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/metrics/metrics_writer.h"
#include "server/http/http_server.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::server {

void WriteProgramMetrics(std::string_view version, absl::Time started_at,
                         api::MetricsWriter& writer) {
  writer.BeginInfo("tallyman_build", "The version of Tallyman.");
  writer.SampleInfo({{"version", version}});
  writer.BeginGauge("process_start_time_seconds",
                    "When the server started, since the epoch.");
  writer.SampleSeconds({}, absl::ToUnixNanos(started_at));
}

void WriteConnectionMetrics(const HttpServer::Counts& counts,
                            api::MetricsWriter& writer) {
  writer.BeginGauge("tallyman_http_connections", "Open connections.");
  writer.Sample({}, static_cast<int64_t>(counts.open));
  writer.BeginCounter("tallyman_http_connections_accepted",
                      "Connections that were accepted.");
  writer.Sample({}, static_cast<int64_t>(counts.accepted));
  writer.BeginCounter("tallyman_http_connections_refused",
                      "Connections that were above a limit.");
  writer.Sample({}, static_cast<int64_t>(counts.refused));
}

void WriteCertificateMetrics(absl::Time expiry, api::MetricsWriter& writer) {
  writer.BeginGauge("tallyman_ssl_earliest_cert_expiry",
                    "When the first certificate of --tls_cert is no longer "
                    "valid, in seconds since the epoch.");
  writer.Sample({}, absl::ToUnixSeconds(expiry));
}

void WriteDatabaseMetrics(storage::Database& database,
                          api::MetricsWriter& writer) {
  int64_t bytes = 0;
  const absl::Status read =
      database.Read([&](storage::Connection& connection) -> absl::Status {
        absl::StatusOr<storage::Statement> select = connection.Prepare(
            "SELECT page_count * page_size "
            "FROM pragma_page_count(), pragma_page_size()");
        if (!select.ok()) return select.status();
        const absl::StatusOr<bool> row = select->Step();
        if (row.ok() && *row) bytes = select->Int64(0);
        return row.status();
      });
  if (!read.ok()) return;
  writer.BeginGauge("tallyman_database_size_bytes",
                    "Size of the database, without its write-ahead log.");
  writer.Sample({}, bytes);
}

}  // namespace tallyman::server
