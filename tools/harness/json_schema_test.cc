#include "tools/harness/json_schema.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

std::string Check(std::string_view schema, std::string_view value) {
  static const Json& document = *new Json(Json::parse(
      R"({"components":{"schemas":{"Small":{"type":"integer","maximum":9},
          "Again":{"$ref":"#/components/schemas/Small"}}}})"));
  return FindMismatch(document, Json::parse(schema), Json::parse(value));
}

struct Case {
  std::string_view schema;
  std::string_view good;
  std::string_view bad;
};

TEST(JsonSchemaTest, EachKeywordAcceptsAndRefuses) {
  constexpr Case kCases[] = {
      {R"({"type":"string"})", R"("a")", "1"},
      {R"({"type":"integer"})", "1", "1.5"},
      {R"({"type":"integer","format":"int64"})", "1", R"("1")"},
      {R"({"type":"number"})", "1.5", "true"},
      {R"({"type":"boolean"})", "false", "0"},
      {R"({"type":"array"})", "[]", "{}"},
      {R"({"type":"object"})", "{}", "[]"},
      {R"({"type":["string","null"]})", "null", "1"},
      {R"({"enum":["a",null]})", "null", R"("b")"},
      {R"({"minimum":2})", "2", "1"},
      {R"({"maximum":2})", "2", "3"},
      {R"({"minLength":2})", R"("ab")", R"("ä")"},
      {R"({"maxLength":1})", R"("ä")", R"("ab")"},
      {R"({"pattern":"^[0-9]+$"})", R"("12")", R"("1a")"},
      {R"({"format":"date-time"})", R"("2016-01-01T19:08:05Z")",
       R"("2016-01-01")"},
      {R"({"minItems":1})", "[1]", "[]"},
      {R"({"maxItems":1})", "[1]", "[1,2]"},
      {R"({"items":{"type":"string"}})", R"(["a"])", R"(["a",1])"},
      {R"({"required":["a"]})", R"({"a":1})", "{}"},
      {R"({"properties":{"a":{"type":"string"}}})", R"({"b":1})", R"({"a":1})"},
      {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1})",
       R"({"a":1,"b":1})"},
      {R"({"additionalProperties":{"type":"integer"}})", R"({"a":1})",
       R"({"a":"1"})"},
      {R"({"oneOf":[{"type":"string"},{"minimum":0}]})", "1", R"("a")"},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})", "null", "1"},
      {R"({"$ref":"#/components/schemas/Small"})", "9", "10"},
      {R"({"$ref":"#/components/schemas/Again","minimum":5})", "5", "4"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Check(c.schema, c.good), "") << c.schema;
    EXPECT_NE(Check(c.schema, c.bad), "") << c.schema;
  }
}

TEST(JsonSchemaTest, NamesThePlace) {
  EXPECT_THAT(Check(R"({"properties":{"a":{"items":{"type":"string"}}}})",
                    R"({"a":["x",1]})"),
              StartsWith("/a/1: is not of the type"));
}

TEST(JsonSchemaTest, AnUnknownKeywordIsAMismatch) {
  EXPECT_THAT(Check(R"({"nonsense":1})", "1"), HasSubstr("nonsense"));
  EXPECT_THAT(Check(R"({"format":"nonsense"})", R"("a")"),
              HasSubstr("nonsense"));
}

TEST(JsonSchemaDeathTest, AReferenceToNothingDies) {
  EXPECT_DEATH(Check(R"({"$ref":"#/components/schemas/None"})", "1"), "None");
}

}  // namespace
}  // namespace tallyman::harness
