#include "api/openapi/openapi.h"

#include <string>
#include <vector>

#include "api/openapi/testing_operations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::ordered_json;

const Json& Document() {
  static const Json& document =
      *new Json(Json::parse(RenderOpenApi(kTestOperations, "1.2.3")));
  return document;
}

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(OpenApiTest, HasEachOperationInItsMounts) {
  EXPECT_EQ(Document()["openapi"], "3.1.0");
  EXPECT_EQ(Document()["info"]["version"], "1.2.3");
  EXPECT_THAT(Keys(Document()["paths"]),
              ElementsAre("/boxes/{id}", "/server/box", "/box.json",
                          "/api/3/boxes/{id}"));
  const Json& paths = Document()["paths"];
  EXPECT_EQ(paths["/boxes/{id}"]["post"]["operationId"], "makeBox");
  EXPECT_EQ(paths["/api/3/boxes/{id}"]["post"]["operationId"], "makeBoxV3");
  EXPECT_EQ(Document()["tags"].size(), 1u);
}

TEST(OpenApiTest, DescribesParametersWithExamples) {
  const Json& post = Document()["paths"]["/boxes/{id}"]["post"];
  EXPECT_EQ(post["parameters"], Json::parse(R"([
      {"name":"id","in":"path","description":"Which box.","required":true,
       "schema":{"type":"integer","format":"int64","minimum":1},"example":7},
      {"name":"colours","in":"query","description":"Of these colours.",
       "style":"form","explode":false,
       "schema":{"type":"array","items":{"description":"A colour.",
                                         "type":"string"}},
       "example":["red"]}])"));
}

TEST(OpenApiTest, BodiesDifferByMount) {
  const Json& paths = Document()["paths"];
  const Json& post = paths["/boxes/{id}"]["post"];
  EXPECT_EQ(post["requestBody"], Json::parse(R"({"required":true,"content":{
      "application/json":{"schema":{"$ref":"#/components/schemas/Box"},
                          "example":{"id":7}},
      "application/x-www-form-urlencoded":{
                          "schema":{"$ref":"#/components/schemas/Box"},
                          "example":{"id":7}}}})"));
  const auto example = [&](const std::string& path) {
    return paths[path]["post"]["responses"]["201"]["content"]
                ["application/json"]["example"];
  };
  EXPECT_EQ(example("/boxes/{id}"), Json::parse(R"({"response":[{"id":7}]})"));
  EXPECT_EQ(example("/api/3/boxes/{id}"),
            Json::parse(R"({"response":{"id":7}})"));
}

TEST(OpenApiTest, StatesTokensAndScopes) {
  const Json& paths = Document()["paths"];
  EXPECT_EQ(paths["/boxes/{id}"]["post"]["security"],
            Json::parse(R"([{"bearer":["admin"]},{"session":["admin"]}])"));
  EXPECT_EQ(paths["/server/box"]["get"]["security"],
            Json::parse(R"([{"bearer":["public"]},{"token":["public"]},
                            {"session":["public"]}])"));
  EXPECT_EQ(paths["/box.json"]["get"]["security"], Json::array());
}

TEST(OpenApiTest, ListsTheErrorsThatARequestCanMeet) {
  const Json& paths = Document()["paths"];
  const Json& all = paths["/boxes/{id}"]["post"]["responses"];
  EXPECT_THAT(Keys(all), ElementsAre("201", "400", "401", "403", "404", "405",
                                     "408", "409", "413", "414", "415", "417",
                                     "421", "429", "431", "500", "503"));
  EXPECT_EQ(all["409"]["$ref"], "#/components/responses/StacksConflict");
  // The scope public is in every token, and no part of the path can be wrong.
  EXPECT_THAT(Keys(paths["/server/box"]["get"]["responses"]),
              ElementsAre("200", "400", "401", "405", "408", "413", "414",
                          "415", "417", "421", "429", "431", "500", "503"));
  EXPECT_FALSE(paths["/box.json"]["get"]["responses"].contains("401"));
}

TEST(OpenApiTest, ErrorsHaveTheFormatOfTheirFamily) {
  const Json& responses = Document()["components"]["responses"];
  const Json& host = responses["HostUnauthenticated"];
  EXPECT_EQ(host["content"]["application/json"]["example"]["status_code"], 401);
  EXPECT_TRUE(host["headers"].contains("WWW-Authenticate"));
  EXPECT_TRUE(host["headers"].contains("Access-Control-Allow-Origin"));
  const Json& stacks = responses["StacksMethodNotAllowed"];
  EXPECT_EQ(stacks["content"]["application/json"]["example"]["error"],
            "method_not_allowed");
  EXPECT_EQ(stacks["headers"]["Allow"]["$ref"], "#/components/headers/Allow");
  EXPECT_EQ(stacks["headers"]["X-RateLimit-Limit"]["$ref"],
            "#/components/headers/X-RateLimit-Limit.optional");
  EXPECT_FALSE(stacks["headers"].contains("Access-Control-Allow-Origin"));
}

TEST(OpenApiTest, AnswersHaveTheHeadersOfAllAnswersAndTheirOwn) {
  const Json& paths = Document()["paths"];
  const Json& headers =
      paths["/boxes/{id}"]["post"]["responses"]["201"]["headers"];
  for (const char* name : {"Location", "X-RateLimit-Limit", "Cache-Control"}) {
    EXPECT_EQ(headers[name]["$ref"],
              std::string("#/components/headers/") + name);
  }
  EXPECT_FALSE(
      paths["/box.json"]["get"]["responses"]["200"]["headers"].contains(
          "X-RateLimit-Limit"));
}

}  // namespace
}  // namespace tallyman::api
