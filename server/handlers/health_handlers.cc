#include "server/handlers/health_handlers.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

constexpr api::Tag kTag = {"Health",
                           "For load balancers and service managers."};

constexpr api::Field kFields[] = {
    {"status", api::String("`ok`.", "ok")},
};
constexpr api::Schema kHealthSchema =
    api::Object("Health", "The server answers.", kFields);
constexpr api::Content kContents[] = {{.schema = &kHealthSchema}};
constexpr api::Answer kAnswers[] = {
    {.description = "It does.", .contents = kContents}};

constexpr api::Operation kGetHealth = {
    .id = "getHealth",
    .method = "GET",
    .path = "/healthz",
    .tag = &kTag,
    .summary = "Whether the server answers",
    .answers = kAnswers,
};
constexpr api::Operation kGetReadiness = {
    .id = "getReadiness",
    .method = "GET",
    .path = "/readyz",
    .tag = &kTag,
    .summary = "Whether the server can also read its database",
    .answers = kAnswers,
};

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
      kGetHealth, [](const RequestContext&) -> HandlerResult { return Ok(); },
      /*is_fast=*/true);
  router.Add(kGetReadiness,
             [&database, &log](const RequestContext&) -> HandlerResult {
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
             });
}

}  // namespace tallyman::server
