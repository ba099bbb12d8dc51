#include "tools/harness/api_description.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/harness/http_connection.h"

namespace tallyman::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr std::string_view kDocument = R"({
  "paths":{"/a/{id}":{"get":{
    "operationId":"getA",
    "security":[{"bearer":["public"]}],
    "parameters":[{"name":"id","in":"path"},{"name":"page","in":"query"}],
    "responses":{"200":{
        "headers":{"Count":{"$ref":"#/components/headers/Count"},
                   "Maybe":{"schema":{"type":"string"}}},
        "content":{"application/json":{"schema":{"type":"object",
            "required":["id"]}}}},
      "304":{}}}}},
  "components":{"headers":{"Count":{"required":true,
      "schema":{"type":"integer"}}}}})";

class ApiDescriptionTest : public testing::Test {
 protected:
  ApiDescriptionTest() : description_(Json::parse(kDocument)) {
    good_.status = 200;
    good_.headers = {{"date", "today"},
                     {"Content-Type", "application/json; charset=utf-8"},
                     {"count", "3"}};
    good_.body = R"({"id":1})";
  }

  std::string Check(const ClientResponse& answer, bool is_head = false) {
    const std::vector<DescribedOperation> operations =
        description_.Operations();
    return description_.FindMismatch(operations[0], answer, is_head);
  }

  const ApiDescription description_;
  ClientResponse good_;
};

TEST_F(ApiDescriptionTest, ReadsOperations) {
  const std::vector<DescribedOperation> operations = description_.Operations();
  ASSERT_THAT(operations, SizeIs(1));
  EXPECT_EQ(operations[0].path, "/a/{id}");
  EXPECT_EQ(operations[0].method, "GET");
  EXPECT_EQ(operations[0].id(), "getA");
  EXPECT_EQ(operations[0].Scope(), "public");
  ASSERT_THAT(operations[0].ParametersIn("query"), SizeIs(1));
  EXPECT_EQ(operations[0].ParametersIn("query")[0]["name"], "page");
}

TEST_F(ApiDescriptionTest, AcceptsADescribedAnswer) {
  EXPECT_EQ(Check(good_), "");
  EXPECT_EQ(Check({.status = 304}), "");
  good_.body = "";
  EXPECT_EQ(Check(good_, /*is_head=*/true), "");
}

TEST_F(ApiDescriptionTest, RefusesAnUnknownStatus) {
  good_.status = 204;
  EXPECT_THAT(Check(good_), HasSubstr("204"));
}

TEST_F(ApiDescriptionTest, RefusesHeadersThatDiffer) {
  ClientResponse answer = good_;
  answer.headers.pop_back();
  EXPECT_THAT(Check(answer), HasSubstr("Count is missing"));
  answer.headers.emplace_back("Count", "three");
  EXPECT_THAT(Check(answer), HasSubstr("the header Count"));
  answer = good_;
  answer.headers.emplace_back("Other", "x");
  EXPECT_THAT(Check(answer), HasSubstr("Other is not described"));
}

TEST_F(ApiDescriptionTest, RefusesBodiesThatDiffer) {
  ClientResponse answer = good_;
  answer.body = "{}";
  EXPECT_THAT(Check(answer), HasSubstr("has no \"id\""));
  answer.body = "{";
  EXPECT_THAT(Check(answer), HasSubstr("not JSON"));
  answer = good_;
  answer.headers[1].second = "text/plain";
  EXPECT_THAT(Check(answer), HasSubstr("text/plain"));
  EXPECT_THAT(Check({.status = 304, .body = "x"}), HasSubstr("has a body"));
}

}  // namespace
}  // namespace tallyman::harness
