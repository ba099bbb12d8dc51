// End to end: walks every operation of the served description, with valid and
// with invalid requests, and compares each answer of the running server with
// what the description says.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/described_server.h"
#include "tools/harness/api_description.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_connection.h"

namespace tallyman::server {
namespace {

using harness::ClientResponse;
using harness::DescribedOperation;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

class OpenApiTest : public testing::Test {
 protected:
  // Sends `call`; the answer must be one that the description has.
  ClientResponse Try(const DescribedOperation& operation,
                     const DescribedCall& call, std::string_view method = "") {
    if (method.empty()) method = operation.method;
    ClientResponse answer = server_.Send(method, call);
    EXPECT_EQ(description_.FindMismatch(operation, answer, method == "HEAD"),
              "")
        << method << " " << call.path << " "
        << testing::PrintToString(call.query) << " " << call.body.value_or("");
    return answer;
  }

  void ExpectStatus(const DescribedOperation& operation,
                    const DescribedCall& call, int status,
                    std::string_view method = "") {
    const ClientResponse answer = Try(operation, call, method);
    EXPECT_EQ(answer.status, status)
        << operation.id() << " " << call.path << " "
        << testing::PrintToString(call.query) << " " << answer.body;
  }

  // Bodies of other types than those of the description, and too large ones.
  void ExpectRefusedTypesAndSizes(const DescribedOperation& operation,
                                  DescribedCall call) {
    call.body = "x";
    call.content_type = "text/plain";
    ExpectStatus(operation, call, 415);
    call.content_type = kForm;
    if (!operation.json["requestBody"]["content"].contains(kForm)) {
      ExpectStatus(operation, call, 415);
    }
    call.body = std::string(DescribedServer::kMaxBodyBytes + 1, 'x');
    ExpectStatus(operation, call, 413);
  }

  DescribedServer server_;
  const harness::ApiDescription& description_ = server_.description();
};

TEST_F(OpenApiTest, ValidCallsSucceedAsDescribed) {
  for (const DescribedOperation& operation : description_.Operations()) {
    SCOPED_TRACE(operation.id());
    const DescribedCall call = server_.CallOf(operation);
    const ClientResponse plain = Try(operation, call);
    EXPECT_LT(plain.status, 300) << plain.body;
    EXPECT_EQ(plain.status == 201, !plain.Header("Location").empty());
    if (operation.method == "GET") {
      ExpectStatus(operation, call, plain.status, "HEAD");
      for (const Json& parameter : operation.ParametersIn("query")) {
        DescribedCall with = call;
        with.query = {{parameter["name"], server_.QueryValue(parameter)}};
        // A stream has no end.
        const bool is_stream = parameter["name"] == "watch";
        ExpectStatus(operation, with, 200, is_stream ? "HEAD" : "GET");
      }
    }
    if (operation.json.contains("requestBody")) {
      for (const auto& [type, content] :
           operation.json["requestBody"]["content"].items()) {
        DescribedCall with = call;
        with.content_type = type;
        with.body = server_.BodyOf(operation, type);
        EXPECT_LT(Try(operation, with).status, 300) << type;
      }
      if (!operation.json["requestBody"]["required"]) {
        DescribedCall with = call;
        with.body = std::nullopt;
        with.content_type = "";
        for (const Json& parameter : operation.ParametersIn("query")) {
          with.query.emplace_back(parameter["name"],
                                  server_.QueryValue(parameter));
        }
        EXPECT_LT(Try(operation, with).status, 300);
      }
    }
  }
}

TEST_F(OpenApiTest, DryRunsAnswerAsDescribedAndChangeNothing) {
  int tried = 0;
  const DescribedCall events = {.path = "/events",
                                .token = server_.public_token()};
  for (const DescribedOperation& operation : description_.Operations()) {
    bool has_dry_run = false;
    for (const Json& parameter : operation.ParametersIn("query")) {
      has_dry_run = has_dry_run || parameter["name"] == "dry_run";
    }
    if (!has_dry_run) continue;
    SCOPED_TRACE(operation.id());
    DescribedCall call = server_.CallOf(operation);
    call.query = {{"dry_run", "1"}};
    const std::string before = server_.Send("GET", events).body;
    const ClientResponse answer = Try(operation, call);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const Json response = Json::parse(answer.body)["response"];
    EXPECT_EQ((response.is_array() ? response[0] : response)["dry_run"], true);
    EXPECT_EQ(server_.Send("GET", events).body, before);
    ++tried;
  }
  EXPECT_EQ(tried, 8);  // Four, in two mounts.
}

TEST_F(OpenApiTest, ATokenIsNeededAsDescribed) {
  const std::string spent = server_.NewToken("admin", 1);
  server_.Send("GET", {.path = "/stacks", .token = spent});
  for (const DescribedOperation& operation : description_.Operations()) {
    SCOPED_TRACE(operation.id());
    DescribedCall call = server_.CallOf(operation);
    if (!operation.NeedsToken()) {
      EXPECT_LT(Try(operation, call).status, 300);
      continue;
    }
    call.token = "";
    call.key = "";
    ExpectStatus(operation, call, 401);
    call.token = server_.public_token();
    if (operation.Scope() == "admin") ExpectStatus(operation, call, 403);
    call.token = spent;
    ExpectStatus(operation, call, 429);
  }
}

// The names that the query of an operation may have.
std::set<std::string> QueryNames(const DescribedOperation& operation) {
  std::set<std::string> names;
  for (const Json& parameter : operation.ParametersIn("query")) {
    names.insert(parameter["name"]);
  }
  for (const Json& security : operation.json["security"]) {
    if (security.contains("token")) names.insert("token");
  }
  return names;
}

TEST_F(OpenApiTest, ExactlyTheDescribedParametersAreKnown) {
  std::set<std::string> all = {"", "limt", "Page", "pages", "stack_id[]"};
  for (const DescribedOperation& operation : description_.Operations()) {
    all.merge(QueryNames(operation));
  }
  ASSERT_GT(all.size(), 20u);
  for (const DescribedOperation& operation : description_.Operations()) {
    SCOPED_TRACE(operation.id());
    const std::set<std::string> known = QueryNames(operation);
    DescribedCall call = server_.CallOf(operation);
    call.body = std::nullopt;
    for (const std::string& name : all) {
      call.query = {{name, "1"}};
      const ClientResponse answer = Try(operation, call);
      if (known.contains(name)) {
        EXPECT_THAT(answer.body, Not(HasSubstr("unknown parameter"))) << name;
      } else {
        EXPECT_EQ(answer.status, 400) << name;
        EXPECT_THAT(answer.body, HasSubstr(absl::StrCat(
                                     R"(unknown parameter \")", name, "\\\"")));
      }
    }
  }
  const ClientResponse misspelt = server_.Send(
      "GET",
      {.path = "/server/processes?limt=1", .token = server_.public_token()});
  EXPECT_THAT(misspelt.body, HasSubstr(R"(the nearest is \"limit\")"));
}

// Values that the schema of a parameter excludes.
std::vector<std::string> InvalidValues(const Json& parameter) {
  const Json& schema = parameter["schema"];
  const Json& item = schema.contains("items") ? schema["items"] : schema;
  std::vector<std::string> values;
  if (item["type"] == "integer") {
    values = {"", "x", "-1", "1.5", "99999999999999999999"};
    if (item.value("minimum", 0) > 0) values.emplace_back("0");
    if (item.contains("maximum")) {
      values.push_back(absl::StrCat(item["maximum"].get<int64_t>() + 1));
    }
  }
  if (item.contains("enum")) values = {"", "nonsense"};
  return values;
}

TEST_F(OpenApiTest, ValuesThatASchemaExcludesAre400) {
  int tried = 0;
  for (const DescribedOperation& operation : description_.Operations()) {
    SCOPED_TRACE(operation.id());
    for (const Json& parameter : operation.ParametersIn("query")) {
      DescribedCall call = server_.CallOf(operation);
      call.body = std::nullopt;
      for (const std::string& value : InvalidValues(parameter)) {
        call.query = {{parameter["name"], value}};
        ExpectStatus(operation, call, 400);
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 100);
}

TEST_F(OpenApiTest, ResourcesThatDoNotExistAre404) {
  for (const DescribedOperation& operation : description_.Operations()) {
    SCOPED_TRACE(operation.id());
    for (const Json& parameter : operation.ParametersIn("path")) {
      DescribedCall call = server_.CallOf(operation);
      const std::string segment =
          absl::StrCat("{", parameter["name"].get<std::string>(), "}");
      // Other texts are no process ids, which is 400.
      const std::string_view none = segment == "{pid}" ? "2147483647" : "none";
      call.path = server_.PathOf(
          operation, absl::StrReplaceAll(operation.path, {{segment, none}}));
      ExpectStatus(operation, call, 404);
    }
  }
}

TEST_F(OpenApiTest, BodiesThatASchemaExcludesAreRefused) {
  for (const DescribedOperation& operation : description_.Operations()) {
    if (!operation.json.contains("requestBody")) continue;
    SCOPED_TRACE(operation.id());
    DescribedCall call = server_.CallOf(operation);
    if (call.content_type == kForm) {
      call.body = "a=1&a=2";
      ExpectStatus(operation, call, 400);
      ExpectRefusedTypesAndSizes(operation, call);
      continue;
    }
    const Json good = Json::parse(*call.body);
    for (const std::string_view body :
         {"{", "[]", R"({"nonsense":1})", R"({"a":1,"a":2})"}) {
      call.body = body;
      ExpectStatus(operation, call, 400);
    }
    for (const auto& [name, value] : good.items()) {
      Json bad = good;
      bad[name] = Json::array({1});
      call.body = bad.dump();
      ExpectStatus(operation, call, 400);
    }
    ExpectRefusedTypesAndSizes(operation, call);
  }
}

TEST_F(OpenApiTest, ErrorsOfEveryAddressAreDescribed) {
  for (const DescribedOperation& operation : description_.Operations()) {
    SCOPED_TRACE(operation.id());
    const DescribedCall call = server_.CallOf(operation);
    ExpectStatus(operation, call, 405, "PATCH");
    DescribedCall without_token = call;
    without_token.token = "";
    ExpectStatus(operation, without_token, 405, "PATCH");
    const ClientResponse options = server_.Send("OPTIONS", {.path = call.path});
    EXPECT_EQ(options.status, 200);
    EXPECT_THAT(options.Header("Allow"), HasSubstr(operation.method));
    DescribedCall long_path = call;
    long_path.query = {{"x", std::string(30000, 'x')}};
    const int status = Try(operation, long_path).status;
    EXPECT_TRUE(status == 414 || status == 431) << status;
    harness::HttpClient client(server_.port());
    const ClientResponse expectation =
        client.Request(operation.method, call.path, {"Expect: nonsense"});
    EXPECT_EQ(expectation.status, 417);
    EXPECT_EQ(description_.FindMismatch(operation, expectation), "");
  }
}

TEST_F(OpenApiTest, AnEntityTagAnswers304) {
  int tried = 0;
  for (const DescribedOperation& operation : description_.Operations()) {
    if (!operation.json["responses"].contains("304")) continue;
    SCOPED_TRACE(operation.id());
    const DescribedCall call = server_.CallOf(operation);
    const std::string etag = Try(operation, call).Header("ETag");
    const ClientResponse again =
        harness::HttpClient(server_.port())
            .Request(
                "GET", call.path,
                {absl::StrCat("Authorization: Bearer ", server_.public_token()),
                 absl::StrCat("If-None-Match: ", etag)});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(description_.FindMismatch(operation, again), "");
    ++tried;
  }
  EXPECT_EQ(tried, 6);
}

TEST_F(OpenApiTest, AFollowedOutputIsAStream) {
  const ClientResponse stream = server_.Send(
      "HEAD", {.path = absl::StrCat("/stacks/", server_.stack(),
                                    "/processes/web/logs?follow=1"),
               .token = server_.public_token()});
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(stream.Header("Content-Type"), "text/event-stream");
  for (const DescribedOperation& operation : description_.Operations()) {
    if (operation.id() != "getLogs") continue;
    EXPECT_EQ(description_.FindMismatch(operation, stream, /*is_head=*/true),
              "");
  }
}

}  // namespace
}  // namespace tallyman::server
