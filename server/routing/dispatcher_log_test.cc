#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/handlers/token_handlers.h"
#include "server/log/request_log.h"
#include "server/routing/dispatcher.h"
#include "server/routing/dispatcher_fixture.h"
#include "server/routing/router.h"
#include "storage/connection.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;

TEST_F(DispatcherTest, LogsTheSizeOfASharedBody) {
  static constexpr api::Operation kShared = OpenGet("/shared");
  router_.Add(kShared, [](const RequestContext&) -> HandlerResult {
    api::Response response;
    response.shared_body =
        std::make_shared<const std::string>("seventeen letters");
    return response;
  });
  MakeDispatcher(/*log_requests=*/true);
  EXPECT_EQ(Ask("GET", "/shared").BodyView(), "seventeen letters");
  ASSERT_THAT(log_.lines(), SizeIs(1));
  EXPECT_EQ(log_.lines()[0]["bytes"], 17);
}

// The message of a failed store names a file of the server.
constexpr std::string_view kStoreMessage =
    R"(database "/data/dir/tallyman.db": disk I/O error)";

// A handler that fails with `status`.
Handler Failing(const absl::Status& status) {
  return [status](const RequestContext&) -> HandlerResult {
    return api::ErrorFromStatus(status);
  };
}

TEST_F(DispatcherTest, TheReasonOfAServerFaultGoesToTheLogAlone) {
  static constexpr api::Operation kFull = {
      .method = "GET", .path = "/server/full", .family = ApiFamily::kHost};
  static constexpr api::Operation kCorrupt = OpenGet("/corrupt");
  router_.Add(kFull, Failing(absl::UnavailableError(kStoreMessage)));
  router_.Add(kCorrupt, Failing(absl::DataLossError(kStoreMessage)));
  const api::Response full = Ask("GET", "/server/full");
  EXPECT_EQ(full.status, 503);
  EXPECT_THAT(full.body, Not(HasSubstr("/data/dir")));
  EXPECT_THAT(Json::parse(full.body)["status_desc"].get<std::string>(),
              HasSubstr("try again later"));
  const api::Response corrupt = Ask("GET", "/corrupt");
  EXPECT_EQ(corrupt.status, 500);
  EXPECT_THAT(corrupt.body, Not(HasSubstr("/data/dir")));
  EXPECT_THAT(Json::parse(corrupt.body)["details"].get<std::string>(),
              HasSubstr("log"));

  const std::vector<Json> lines = log_.lines();
  ASSERT_THAT(lines, SizeIs(2));
  for (const Json& line : lines) {
    EXPECT_EQ(line["level"], "error");
    EXPECT_EQ(line["event"], "request_failed");
    EXPECT_EQ(line["method"], "GET");
    EXPECT_EQ(line["reason"], std::string(kStoreMessage));
  }
  EXPECT_EQ(lines[0]["path"], "/server/full");
  EXPECT_EQ(lines[0]["status"], 503);
  EXPECT_EQ(lines[1]["path"], "/corrupt");
}

TEST_F(DispatcherTest, AFaultDoesNotLogATokenInThePath) {
  static constexpr api::Parameter kId = {.name = "id"};
  static constexpr const api::Parameter* kPath[] = {&kId};
  static constexpr api::Operation kCorrupt = {
      .method = "GET", .path = "/corrupt/{id}", .path_parameters = kPath};
  router_.Add(kCorrupt, Failing(absl::DataLossError(kStoreMessage)));
  redactor_ = *api::Redactor::Create(api::DefaultSecretNames());
  MakeDispatcher(/*log_requests=*/false);
  const std::string token = NewToken(auth::Scope::kPublic);
  for (const std::string& path :
       {absl::StrCat("/corrupt/", token),
        absl::StrCat("/corrupt/%74", token.substr(1))}) {
    EXPECT_EQ(Ask("GET", path).status, 500);
  }
  ASSERT_THAT(log_.lines(), SizeIs(2));
  for (const Json& line : log_.lines()) {
    EXPECT_EQ(line["path"], "/corrupt/***");
  }
}

TEST_F(DispatcherTest, AFailedWriteShowsNoPathToAClient) {
  Router router;
  AddTokenRoutes(*tokens_, router);
  router_ = std::move(router);
  const std::string admin = NewToken(auth::Scope::kAdmin);
  ASSERT_TRUE(database_
                  ->Write([](storage::Connection& connection) {
                    return connection.Execute("PRAGMA query_only = 1");
                  })
                  .ok());
  const api::Response response =
      Ask("POST", "/tokens", admin, R"({"name":"ci","scopes":["public"]})");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, Not(HasSubstr(database_.path())));
  ASSERT_THAT(log_.lines(), SizeIs(1));
  EXPECT_THAT(log_.lines()[0]["reason"].get<std::string>(),
              HasSubstr(database_.path()));
}

TEST_F(DispatcherTest, ErrorsOfTheClientAreShownInFullAndNotLogged) {
  static constexpr api::Operation kGone = OpenGet("/gone");
  router_.Add(kGone, Failing(absl::NotFoundError("no stack \"a\"")));
  const api::Response response = Ask("GET", "/gone");
  EXPECT_EQ(Json::parse(response.body)["details"], "no stack \"a\"");
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(DispatcherTest, LogsNoToken) {
  const auto redactor = api::Redactor::Create(api::DefaultSecretNames());
  api::Request request;
  request.method = "GET";
  request.path = "/server/tly_0123456789abcdef";
  request.params = api::Params::Parse(
      "%74oken=plain-secret&pid=1&api_key=other-secret&x=tly_0123456789abcdef");
  request.remote_address = "192.0.2.1";
  LogRequest({.request = request,
              .status = 200,
              .response_bytes = 5,
              .duration = absl::Milliseconds(2),
              .user = "deploy"},
             **redactor, log_.log());
  ASSERT_THAT(log_.lines(), SizeIs(1));
  const Json json = log_.lines()[0];
  const std::string line = json.dump();
  EXPECT_THAT(line, Not(HasSubstr("secret")));
  EXPECT_THAT(line, Not(HasSubstr("tly_")));
  EXPECT_EQ(json["event"], "request");
  EXPECT_EQ(json["query"], "token=***&pid=1&api_key=***&x=***");
  EXPECT_EQ(json["status"], 200);
  EXPECT_EQ(json["duration_ms"], 2);
  EXPECT_EQ(json["user"], "deploy");
}

}  // namespace
}  // namespace tallyman::server
