#include "server/health_handlers.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/error.h"
#include "api/http.h"
#include "server/router.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

api::Response Ok() {
  api::Response response;
  response.body = R"({"status":"ok"})";
  return response;
}

absl::Status ReadSomething(storage::Connection& connection) {
  absl::StatusOr<storage::Statement> statement =
      connection.Prepare("SELECT count(*) FROM sqlite_schema");
  if (!statement.ok()) return statement.status();
  return statement->Step().status();
}

}  // namespace

void AddHealthRoutes(storage::Database& database, Router& router) {
  router.Add("/healthz", Family::kStacks,
             {{"GET",
               {.scope = std::nullopt,
                .handler = [](const RequestContext&) -> HandlerResult {
                  return Ok();
                }}}});
  router.Add("/readyz", Family::kStacks,
             {{"GET",
               {.scope = std::nullopt,
                .handler = [&database](const RequestContext&) -> HandlerResult {
                  const absl::Status read = database.Read(ReadSomething);
                  if (!read.ok()) {
                    return api::Error{api::ErrorKind::kUnavailable,
                                      std::string(read.message())};
                  }
                  return Ok();
                }}}});
}

}  // namespace tallyman::server
