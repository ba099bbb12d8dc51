#include "api/json/json_reader.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST(ParseJsonObjectTest, ReadsAnObject) {
  const auto json =
      ParseJsonObject(R"({"a":{"b":[1,{"b":2},{"b":3}]},"b":null,"":1})");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)["a"]["b"][2]["b"], 3);
  EXPECT_TRUE(ParseJsonObject("{}").ok());
}

TEST(ParseJsonObjectTest, ErrorsDescribeTheText) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "the body is not JSON: wrong at byte 1"},
      {"{\"a\":1", "the body is not JSON: wrong at byte 7"},
      {"{} {}", "the body is not JSON: wrong at byte 4"},
      {"{\"a\":\"\xff\"}", "the body is not JSON: wrong at byte"},
      {"{\"a\":1e999}", "the body has a number that is too large"},
      {"[]", "the body must be a JSON object, not array"},
      {"\"a\"", "the body must be a JSON object, not string"},
      {"null", "the body must be a JSON object, not null"},
      {R"({"a":1,"b":2,"a":1})",
       R"(the body has the key "a" twice in one object)"},
      {R"({"x":[{"a":1},{"\u0061":1,"a":{}}]})",
       R"(the body has the key "a" twice in one object)"},
  };
  for (const auto& [text, message] : expected) {
    const absl::Status status = ParseJsonObject(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << text;
  }
  EXPECT_EQ(ParseJsonObject("[]", "the file").status().message(),
            "the file must be a JSON object, not array");
}

TEST(ParseJsonObjectTest, AcceptsDeepNesting) {
  std::string text = "{\"a\":";
  text.append(200000, '[');
  EXPECT_FALSE(ParseJsonObject(text).ok());
  text.append(200000, ']');
  text.push_back('}');
  EXPECT_TRUE(ParseJsonObject(text).ok());
}

// As many as fit into the largest body. If the time grew with the square of the
// objects, the test would not end in time.
TEST(ParseJsonObjectTest, TakesTimeInProportionToTheObjects) {
  std::string text = "{\"processes\":[{}";
  while (text.size() < 1 << 20) text += ",{}";
  EXPECT_TRUE(ParseJsonObject(text + "]}").ok());
}

TEST(ParseJsonObjectTest, SurvivesDeepNesting) {
  const std::string open(500000, '[');
  const std::string close(500000, ']');
  EXPECT_TRUE(ParseJsonObject("{\"a\":" + open + close + "}").ok());
  EXPECT_FALSE(ParseJsonObject("{\"a\":" + open).ok());
}

TEST(IntegerOfTest, AcceptsOnlyIntegers) {
  EXPECT_EQ(IntegerOf(Json::parse("-5")), -5);
  EXPECT_EQ(IntegerOf(Json::parse("9223372036854775807")),
            std::numeric_limits<int64_t>::max());
  for (const std::string_view text :
       {"9223372036854775808", "4.0", "4e0", "\"4\"", "true", "null", "[4]"}) {
    EXPECT_EQ(IntegerOf(Json::parse(text)), std::nullopt) << text;
  }
}

TEST(ReadTest, ErrorsNameThePlaceAndTheType) {
  std::string text;
  EXPECT_TRUE(ReadString("a.b", Json("x"), text).ok());
  EXPECT_EQ(text, "x");
  EXPECT_EQ(ReadString("a.b", Json(1), text).message(),
            "a.b: must be a string, not number");
  int64_t number = 0;
  EXPECT_TRUE(ReadInteger("a[1]", Json(7), number).ok());
  EXPECT_EQ(number, 7);
  EXPECT_EQ(ReadInteger("a[1]", Json("7"), number).message(),
            "a[1]: must be an integer, not string");
  EXPECT_EQ(ReadInteger("a[1]", Json(7.5), number).message(),
            "a[1]: must be an integer, not 7.5");
  EXPECT_EQ(ReadInteger("a[1]", Json(UINT64_MAX), number).message(),
            "a[1]: must be an integer of at most 64 bits, not "
            "18446744073709551615");
  EXPECT_EQ(UnknownKey("a.", "c", "b, d").message(),
            "a.c: unknown key; keys are b, d");
  EXPECT_EQ(UnknownKey("", "x y\n", "b").message(),
            "\"x y\\n\": unknown key; keys are b");
}

}  // namespace
}  // namespace tallyman::api
