#include "api/stacks/scale_request.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kUid = "e63e859d5ab72b0bcf14321f0ffb013d";

Request MakeRequest(std::string_view query, std::string_view type = "",
                    std::string_view body = "") {
  Request request = {.method = "POST", .params = Params::Parse(query)};
  if (!type.empty()) request.headers.emplace_back("Content-Type", type);
  request.body = body;
  return request;
}

TEST(ParseScaleRequestTest, ReadsTheDocumentedForms) {
  for (const Request& request :
       {MakeRequest("process_name=web&server_count="
                    "e63e859d5ab72b0bcf14321f0ffb013d:4"),
        MakeRequest("server_count=e63e859d5ab72b0bcf14321f0ffb013d%3A4"
                    "&token=x&process_name=web"),
        MakeRequest("server_count[e63e859d5ab72b0bcf14321f0ffb013d]=4"
                    "&process_name=web"),
        MakeRequest("", kForm,
                    "process_name=web&server_count="
                    "e63e859d5ab72b0bcf14321f0ffb013d:4"),
        MakeRequest("", kForm,
                    "server_count%5Be63e859d5ab72b0bcf14321f0ffb013d%5D=4"
                    "&process_name=web"),
        MakeRequest("", kJson,
                    R"({"process_name":"web","server_count":)"
                    R"({"e63e859d5ab72b0bcf14321f0ffb013d":4}})"),
        MakeRequest("", "application/json; charset=utf-8",
                    R"({"server_count":"e63e859d5ab72b0bcf14321f0ffb013d:4",)"
                    R"("process_name":"web"})")}) {
    const absl::StatusOr<ScaleRequest> scale = ParseScaleRequest(request);
    ASSERT_TRUE(scale.ok()) << scale.status();
    EXPECT_EQ(scale->process_name, "web");
    EXPECT_THAT(scale->counts, ElementsAre(FieldsAre(kUid, 4)));
  }
}

TEST(ParseScaleRequestTest, KeepsTheOrderOfServers) {
  EXPECT_THAT(
      ParseScaleRequest(MakeRequest("process_name=p&server_count=B:0,%20A:1000"
                                    "&server_count[D]=007&server_count=C:2"))
          ->counts,
      ElementsAre(FieldsAre("B", 0), FieldsAre("A", 1000), FieldsAre("D", 7),
                  FieldsAre("C", 2)));
  EXPECT_THAT(
      ParseScaleRequest(MakeRequest("process_name=p", kJson,
                                    R"({"server_count":{"B":0,"A":1}})"))
          ->counts,
      ElementsAre(FieldsAre("A", 1), FieldsAre("B", 0)));
}

TEST(ParseScaleRequestTest, CombinesQueryAndBody) {
  for (const Request& request :
       {MakeRequest("process_name=web", kJson, R"({"server_count":{"A":4}})"),
        MakeRequest("server_count=A:4", kJson, R"({"process_name":"web"})"),
        MakeRequest("server_count=A:4", kJson,
                    R"({"process_name":"web","server_count":null})"),
        MakeRequest("process_name=web", kForm, "server_count[A]=4"),
        MakeRequest("process_name=web&server_count=A:4", kForm,
                    "server_count[A]=4&process_name=web")}) {
    const absl::StatusOr<ScaleRequest> scale = ParseScaleRequest(request);
    ASSERT_TRUE(scale.ok()) << scale.status();
    EXPECT_EQ(scale->process_name, "web");
    EXPECT_THAT(scale->counts, ElementsAre(FieldsAre("A", 4)));
  }
  EXPECT_THAT(
      ParseScaleRequest(MakeRequest("process_name=p&server_count=B:2,A:1",
                                    kJson, R"({"server_count":{"A":1,"B":2}})"))
          ->counts,
      ElementsAre(FieldsAre("B", 2), FieldsAre("A", 1)));
}

TEST(ParseScaleRequestTest, TheBodyMustNotContradictTheQuery) {
  for (const std::string_view body :
       {R"({"server_count":{"A":5}})", R"({"server_count":{"B":4}})",
        R"({"server_count":{"A":4,"B":4}})"}) {
    EXPECT_EQ(ParseScaleRequest(
                  MakeRequest("process_name=p&server_count=A:4", kJson, body))
                  .status()
                  .message(),
              "server_count: is given twice, differently in the query and in "
              "the body");
  }
  EXPECT_EQ(ParseScaleRequest(MakeRequest("process_name=p&server_count=A:4",
                                          kForm, "process_name=q"))
                .status()
                .message(),
            R"(process_name: is given twice, as "p" and as "q")");
}

TEST(ParseScaleRequestTest, AMissingProcessIsAnError) {
  for (const Request& request :
       {MakeRequest("server_count=A:4"),
        MakeRequest("", kJson, R"({"server_count":{"A":4}})"),
        MakeRequest("process_name=&server_count=A:4"),
        MakeRequest("", kJson, R"({"process_name":1})")}) {
    EXPECT_THAT(std::string(ParseScaleRequest(request).status().message()),
                StartsWith("process_name: "));
  }
}

TEST(ParseScaleRequestTest, ErrorsDescribeCountsInText) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "is missing; give SERVER_UID:COUNT"},
      {"&server_count", R"("" is not SERVER_UID:COUNT)"},
      {"&server_count=4", R"("4" is not SERVER_UID:COUNT)"},
      {"&server_count=A", R"("A" is not SERVER_UID:COUNT)"},
      {"&server_count=A:4,", R"("" is not SERVER_UID:COUNT)"},
      {"&server_count=A:4;B:2", R"(from 0 to 1000, not "4;B:2")"},
      {"&server_count=A:", R"(the count of server "A" must be an integer from )"
                           R"(0 to 1000, not "")"},
      {"&server_count=A:-1", R"(not "-1")"},
      {"&server_count=A:%2B1", R"(not "+1")"},
      {"&server_count=A:4.0", R"(not "4.0")"},
      {"&server_count=A:4e0", R"(not "4e0")"},
      {"&server_count=A:0x4", R"(not "0x4")"},
      {"&server_count=A:four", R"(not "four")"},
      {"&server_count=A:1001", R"(not "1001")"},
      {"&server_count=A:18446744073709551617", R"(not "18446744073709551617")"},
      {"&server_count=A:4:5", R"(not "4:5")"},
      {"&server_count=:4", R"(the count "4" has no server)"},
      {"&server_count[]=4", R"(the count "4" has no server)"},
      {"&server_count[A]=", R"(not "")"},
      {"&server_count[A]=-1", R"(not "-1")"},
      {"&server_count[A=4",
       R"("server_count[A" is not server_count[SERVER_UID])"},
      {"&server_count=A:4,A:4", R"(server "A" is there twice)"},
      {"&server_count=A:4&server_count=A:5", R"(server "A" is there twice)"},
      {"&server_count=A:4&server_count[A]=4", R"(server "A" is there twice)"},
      {"&server_counts=A:4", "is missing"},
  };
  for (const auto& [text, message] : expected) {
    const std::string query = absl::StrCat("process_name=web", text);
    for (const Request& request :
         {MakeRequest(query), MakeRequest("", kForm, query)}) {
      const absl::Status status = ParseScaleRequest(request).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
      // Unknown keys of a form have an error of their own.
      if (text.starts_with("&server_counts") && !request.body.empty()) {
        EXPECT_THAT(std::string(status.message()), HasSubstr("unknown key"));
        continue;
      }
      EXPECT_THAT(std::string(status.message()), StartsWith("server_count: "));
      EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << text;
    }
  }
}

TEST(ParseScaleRequestTest, ErrorsDescribeCountsInJson) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"null", "server_count: is missing"},
      {"{}", "server_count: is empty; give at least one server"},
      {"4",
       "server_count: must be an object such as {\"SERVER_UID\":4}, not "
       "number"},
      {"[4]", "server_count: must be an object"},
      {"\"\"", R"(server_count: "" is not SERVER_UID:COUNT)"},
      {"\"A:x\"", R"(must be an integer from 0 to 1000, not "x")"},
      {"{\"A\":4.0}", "must be an integer from 0 to 1000, not 4.0"},
      {"{\"A\":1.5}", "not 1.5"},
      {"{\"A\":1e2}", "not 100.0"},
      {"{\"A\":\"4\"}", R"(not the string "4")"},
      {"{\"A\":-1}", "not -1"},
      {"{\"A\":1001}", "not 1001"},
      {"{\"A\":18446744073709551615}", "not 18446744073709551615"},
      {"{\"A\":null}", "not null"},
      {"{\"A\":true}", "not boolean"},
      {"{\"A\":[4]}", "not array"},
      {"{\"\":4}", "server_count: the count 4 has no server"},
      {"{\"A\":4,\"A\":5}", R"(the key "A" twice)"},
  };
  for (const auto& [json, message] : expected) {
    const std::string body =
        absl::StrCat(R"({"process_name":"web","server_count":)", json, "}");
    const absl::Status status =
        ParseScaleRequest(MakeRequest("", kJson, body)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << json;
  }
}

TEST(ParseScaleRequestTest, UnknownKeysOfABodyAreErrors) {
  EXPECT_EQ(ParseScaleRequest(MakeRequest("process_name=p&server_count=A:4",
                                          kJson, R"({"proces_name":"q"})"))
                .status()
                .message(),
            "proces_name: unknown key; keys are process_name, server_count");
}

}  // namespace
}  // namespace tallyman::api
