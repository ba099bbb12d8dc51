#include "api/http/request_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kJson = "application/json";

Request MakeRequest(std::string_view query, std::string_view type = "",
                    std::string_view body = "") {
  Request request = {.method = "POST", .params = Params::Parse(query)};
  if (!type.empty()) request.headers.emplace_back("content-type", type);
  request.body = body;
  return request;
}

absl::StatusOr<std::optional<std::string>> GetString(const Request& request,
                                                     std::string_view name) {
  const auto fields = RequestFields::Read(request, {"name", "uid"});
  if (!fields.ok()) return fields.status();
  return fields->GetString(name);
}

TEST(HasSupportedBodyTypeTest, AcceptsFormsJsonAndEmptyBodies) {
  for (const std::string_view type :
       {"application/json", "Application/JSON",
        "application/json; charset=UTF-8", " application/json ;",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=utf-8"}) {
    EXPECT_TRUE(HasSupportedBodyType(MakeRequest("", type, "x"))) << type;
  }
  for (const std::string_view type :
       {"", "text/plain", "multipart/form-data; boundary=x",
        "application/json-patch+json", "json", ";application/json"}) {
    EXPECT_FALSE(HasSupportedBodyType(MakeRequest("", type, "x"))) << type;
    EXPECT_TRUE(HasSupportedBodyType(MakeRequest("", type, ""))) << type;
  }
}

TEST(RequestFieldsTest, ReadsQueryFormAndJson) {
  EXPECT_EQ(*GetString(MakeRequest("name=a%20b+c"), "name"), "a b c");
  EXPECT_EQ(*GetString(MakeRequest("", kForm, "name=a%20b+c"), "name"),
            "a b c");
  EXPECT_EQ(*GetString(MakeRequest("", kJson, R"({"name":"a b"})"), "name"),
            "a b");
  EXPECT_EQ(*GetString(MakeRequest("", kJson, R"({"name":null})"), "name"),
            std::nullopt);
  EXPECT_EQ(*GetString(MakeRequest(""), "name"), std::nullopt);
  // An empty body counts as absent, whatever its type.
  EXPECT_EQ(*GetString(MakeRequest("name=a", kJson, ""), "name"), "a");
}

TEST(RequestFieldsTest, CombinesQueryAndBody) {
  const Request request = MakeRequest("name=a", kJson, R"({"uid":"b"})");
  EXPECT_EQ(*GetString(request, "name"), "a");
  EXPECT_EQ(*GetString(request, "uid"), "b");
}

TEST(RequestFieldsTest, ARepeatedFieldMustHaveTheSameValue) {
  EXPECT_EQ(*GetString(MakeRequest("name=a&name=a", kForm, "name=a"), "name"),
            "a");
  for (const Request& request :
       {MakeRequest("name=a&name=b"), MakeRequest("name=a", kForm, "name=b"),
        MakeRequest("", kForm, "name=a&name=b"),
        MakeRequest("name=a", kJson, R"({"name":"b"})")}) {
    const absl::Status status = GetString(request, "name").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), R"(name: is given twice, as "a" and as "b")");
  }
}

TEST(RequestFieldsTest, ErrorsNameTheField) {
  const std::vector<std::pair<Request, std::string_view>> expected = {
      {MakeRequest("name="), "name: is empty"},
      {MakeRequest("name"), "name: is empty"},
      {MakeRequest("name[]=a"), "name: takes one value, not a list"},
      {MakeRequest("", kForm, "name[x]=a"),
       "name: takes one value, not a list"},
      {MakeRequest("", kForm, "nam=a"), "nam: unknown key; keys are name, uid"},
      {MakeRequest("", kForm, "{\"name\":\"a\"}"), "unknown key"},
      {MakeRequest("", kJson, R"({"name":""})"), "name: is empty"},
      {MakeRequest("", kJson, R"({"name":5})"),
       "name: must be a string, not number"},
      {MakeRequest("", kJson, R"({"Name":"a"})"),
       "Name: unknown key; keys are name, uid"},
      {MakeRequest("", kJson, R"({"name":"a","name":"a"})"), "twice"},
      {MakeRequest("", kJson, "name=a"), "the body is not JSON"},
      {MakeRequest("", kJson, "[]"), "the body must be a JSON object"},
      {MakeRequest("", "text/plain", "name=a"), "neither JSON nor a form"},
  };
  for (const auto& [request, message] : expected) {
    const absl::Status status = GetString(request, "name").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

TEST(RequestFieldsTest, IgnoresOtherFieldsOfTheQuery) {
  EXPECT_EQ(*GetString(MakeRequest("token=t&name=a&x=y"), "name"), "a");
}

}  // namespace
}  // namespace tallyman::api
