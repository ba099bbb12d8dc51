#include "stacks/registry/sqlite_request_rows.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "stacks/model/registry.h"
#include "storage/connection.h"

namespace tallyman::stacks {

using storage::Connection;
using storage::Statement;

absl::StatusOr<std::optional<std::string>> ReadRequest(Connection& connection,
                                                       std::string_view kind,
                                                       const Origin& origin) {
  absl::StatusOr<Statement> select = connection.Prepare(
      "SELECT fingerprint, kind, result FROM idempotency "
      "WHERE user = ?1 AND key = ?2 AND created_at > ?3");
  if (!select.ok()) return select.status();
  select->Bind(1, origin.user)
      .Bind(2, origin.idempotency_key)
      .Bind(3, absl::ToUnixNanos(origin.now - kIdempotencyWindow));
  absl::StatusOr<bool> row = select->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::optional<std::string>();
  if (select->Text(0) != origin.fingerprint || select->Text(1) != kind) {
    return absl::FailedPreconditionError(
        absl::StrCat("Idempotency-Key ", base::Quote(origin.idempotency_key),
                     " was used for another request"));
  }
  return std::optional<std::string>(select->Text(2));
}

absl::Status WriteRequest(Connection& connection, std::string_view kind,
                          const Origin& origin, std::string_view result) {
  {
    absl::StatusOr<Statement> prune =
        connection.Prepare("DELETE FROM idempotency WHERE created_at <= ?1");
    if (!prune.ok()) return prune.status();
    prune->Bind(1, absl::ToUnixNanos(origin.now - kIdempotencyWindow));
    if (absl::Status run = prune->Run(); !run.ok()) return run;
  }
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO idempotency (user, key, fingerprint, kind, result, "
      "created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!insert.ok()) return insert.status();
  return insert->Bind(1, origin.user)
      .Bind(2, origin.idempotency_key)
      .Bind(3, origin.fingerprint)
      .Bind(4, kind)
      .Bind(5, result)
      .Bind(6, absl::ToUnixNanos(origin.now))
      .Run();
}

}  // namespace tallyman::stacks
