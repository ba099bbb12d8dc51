#include "server/handlers/health_handlers.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

api::Response Ok() {
  api::Response response;
  response.body = R"({"status":"ok"})";
  return response;
}

absl::Status ReadSchema(storage::Connection& connection) {
  absl::StatusOr<storage::Statement> statement =
      connection.Prepare("SELECT count(*) FROM sqlite_schema");
  if (!statement.ok()) return statement.status();
  return statement->Step().status();
}

}  // namespace

void AddHealthRoutes(storage::Database& database, const Log& log,
                     Router& router) {
  router.Add(
      "/healthz", ApiFamily::kStacks,
      {{"GET",
        {.scope = std::nullopt,
         .handler = [](const RequestContext&) -> HandlerResult { return Ok(); },
         .is_fast = true}}});
  router.Add(
      "/readyz", ApiFamily::kStacks,
      {{"GET",
        {.scope = std::nullopt,
         .handler = [&database, &log](const RequestContext&) -> HandlerResult {
           const absl::Status read = database.Read(ReadSchema);
           if (!read.ok()) {
             log.Error("database_unreadable", [&](api::JsonWriter& json) {
               json.Key("reason");
               json.String(read.message());
             });
             return api::Error{api::ErrorKind::kUnavailable,
                               "the database cannot be read"};
           }
           return Ok();
         }}}});
}

}  // namespace tallyman::server
