#include "api/json/json_writer.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using namespace std::string_view_literals;

std::string Quoted(std::string_view bytes) {
  std::string out;
  JsonWriter(out).String(bytes);
  return out;
}

TEST(JsonWriterTest, SeparatesValuesByCommas) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("a");
  json.Int(1);
  json.Key("b");
  json.BeginArray();
  json.String("x");
  json.Null();
  json.BeginObject();
  json.EndObject();
  json.BeginArray();
  json.EndArray();
  json.EndArray();
  json.Key("c");
  json.Bool(false);
  json.EndObject();
  EXPECT_EQ(out, R"({"a":1,"b":["x",null,{},[]],"c":false})");
}

TEST(JsonWriterTest, WritesNumbersThatReadBack) {
  std::string out;
  JsonWriter json(out);
  json.BeginArray();
  json.Int(std::numeric_limits<int64_t>::min());
  json.Int(std::numeric_limits<int64_t>::max());
  json.Double(0.1);
  json.Double(12345.67);
  json.Double(0);
  json.EndArray();
  EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807,0.1,12345.67,0]");
}

TEST(JsonWriterTest, EscapesSpecialCharacters) {
  EXPECT_EQ(Quoted("plain"), "\"plain\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\"b\\c/\n\r\t"), R"("a\"b\\c/\n\r\t")");
  EXPECT_EQ(Quoted("\0\x01\x1f\x7f"sv), "\"\\u0000\\u0001\\u001f\x7f\"");
}

TEST(JsonWriterTest, KeepsUtf8) {
  EXPECT_EQ(Quoted("grün €𝄞"), "\"grün €𝄞\"");
  EXPECT_EQ(Quoted("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\"");  // U+10FFFF
}

// The examples of the Unicode Standard, section 3.9, tables 3-8 to 3-11.
TEST(JsonWriterTest, ReplacesMaximalSubpartsOfInvalidUtf8) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(Quoted("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            "\"" + r + r + r + r + r + r + r + r + "A\"");
  EXPECT_EQ(Quoted("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            "\"" + r + r + r + r + r + r + r + r + "A\"");
  EXPECT_EQ(Quoted("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            "\"" + r + r + r + r + r + "A" + r + r + "B\"");
  EXPECT_EQ(Quoted("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            "\"" + r + r + r + r + "A\"");
  EXPECT_EQ(Quoted("cut \xE2\x82"), "\"cut " + r + "\"");
}

TEST(JsonWriterTest, EveryPairOfBytesIsValidJson) {
  for (int a = 0; a < 256; ++a) {
    std::string out;
    JsonWriter json(out);
    json.BeginArray();
    for (int b = 0; b < 256; ++b) {
      json.String(std::string{static_cast<char>(a), static_cast<char>(b)});
    }
    json.EndArray();
    ASSERT_TRUE(nlohmann::json::accept(out)) << a;
  }
}

}  // namespace
}  // namespace tallyman::api
