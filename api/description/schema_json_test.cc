#include "api/description/schema_json.h"

#include <string_view>

#include "api/description/schema.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kColours[] = {"red", "green"};
constexpr Schema kCount = Integer("A count.", "3", 0, 9);
constexpr Field kPartFields[] = {{"id", Uid("Which.")}};
constexpr Schema kPart = Object("Part", "A part.", kPartFields);
constexpr Schema kName = {.description = "Its name.",
                          .pattern = "^[a-z]+$",
                          .min = 1,
                          .max = 64,
                          .example = "web"};
constexpr Schema kText = String("", "UID:4");
constexpr Schema kCounts = Map("By name.", kCount, R"({"here":4})");

constexpr Field kWholeFields[] = {
    {"name", kName},
    {"colour", OneOf(ConstantValues<kColours>, OrNull(String("", "null")))},
    {"count", OrNull(WithDefault("3", kCount)), kOptional},
    {"parts", Array("All of them.", kPart)},
    {"first", Ref(kPart, "The first.")},
    {"counts", Either(kCounts, kText)},
    {"at", Time("When.")},
    {"ratio", Number("", "0.5")},
    {"good", Boolean("", "true")},
    {"any", AnyObject("", R"({"x":1})")},
};
constexpr Schema kWhole = Object("Whole", "", kWholeFields);

TEST(SchemaJsonTest, NamedSchemasAreWrittenOnce) {
  SchemaWriter writer;
  EXPECT_EQ(writer.Write(kWhole),
            Json::parse(R"({"$ref":"#/components/schemas/Whole"})"));
  EXPECT_EQ(writer.named(), Json::parse(R"js({
    "Whole":{"type":"object","required":["name","colour","parts","first",
        "counts","at","ratio","good","any"],
      "properties":{
        "name":{"description":"Its name.","type":"string",
          "pattern":"^[a-z]+$","minLength":1,"maxLength":64},
        "colour":{"type":["string","null"],"enum":["red","green",null]},
        "count":{"description":"A count.","type":["integer","null"],
          "format":"int64","minimum":0,"maximum":9,"default":3},
        "parts":{"description":"All of them.","type":"array",
          "items":{"$ref":"#/components/schemas/Part"}},
        "first":{"$ref":"#/components/schemas/Part",
          "description":"The first."},
        "counts":{"oneOf":[
          {"description":"By name.","type":"object","additionalProperties":
            {"description":"A count.","type":"integer","format":"int64",
             "minimum":0,"maximum":9}},
          {"type":"string"}]},
        "at":{"description":"When.","type":"string","format":"date-time"},
        "ratio":{"type":"number"},
        "good":{"type":"boolean"},
        "any":{"type":"object"}},
      "additionalProperties":false},
    "Part":{"description":"A part.","type":"object","required":["id"],
      "properties":{"id":{"description":"Which.","type":"string",
        "pattern":"^[0-9a-f]{32}$"}},
      "additionalProperties":false}})js"));
}

TEST(SchemaJsonTest, AnExampleIsMadeOfThoseOfItsParts) {
  EXPECT_EQ(ExampleOf(kWhole), Json::parse(R"({
    "name":"web","colour":null,"count":3,
    "parts":[{"id":"5999b763474b0eafa5fafb64bff0ba80"}],
    "first":{"id":"5999b763474b0eafa5fafb64bff0ba80"},
    "counts":{"here":4},"at":"2016-01-01T19:08:05Z","ratio":0.5,"good":true,
    "any":{"x":1}})"));
}

TEST(SchemaJsonTest, AListThatMayHaveNoItemsIsAnEmptyExample) {
  Schema none = Array("", kPart);
  none.max = 0;
  EXPECT_EQ(ExampleOf(none), Json::array());
  const Json one = SchemaWriter().Write(ArrayOfOne("", kPart));
  EXPECT_EQ(one["minItems"], 1);
  EXPECT_EQ(one["maxItems"], 1);
}

enum class Size { kSmall = 1, kLarge = 2 };
std::string_view SizeName(Size size) {
  return size == Size::kSmall ? "small" : "large";
}

TEST(SchemaTest, NamesOfAnEnumerationComeFromItsFunction) {
  const auto names = EnumNames<SizeName, Size::kSmall, Size::kLarge>();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0], "small");
  EXPECT_EQ(names[1], "large");
  EXPECT_EQ(FieldNames(kPart), "id");
}

}  // namespace
}  // namespace tallyman::api
