#include "api/http/params.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(ParamsTest, DecodesNamesAndValues) {
  const Params params =
      Params::Parse("name=%5Enginx%24&user=j+blow&&flag&x=a%3Db%26c&name=2");
  EXPECT_THAT(
      params.all(),
      ElementsAre(Pair("name", "^nginx$"), Pair("user", "j blow"),
                  Pair("flag", ""), Pair("x", "a=b&c"), Pair("name", "2")));
  EXPECT_EQ(params.Get("name"), "^nginx$");
  EXPECT_EQ(params.Get("flag"), "");
  EXPECT_EQ(params.Get("none"), std::nullopt);
}

TEST(ParamsTest, AcceptsAnyText) {
  EXPECT_THAT(Params::Parse("").all(), ElementsAre());
  EXPECT_THAT(Params::Parse("&&").all(), ElementsAre());
  EXPECT_THAT(Params::Parse("a=%&b=%4&c=%zz&d=%00").all(),
              ElementsAre(Pair("a", "%"), Pair("b", "%4"), Pair("c", "%zz"),
                          Pair("d", std::string(1, '\0'))));
  EXPECT_THAT(Params::Parse("=x&a==b").all(),
              ElementsAre(Pair("", "x"), Pair("a", "=b")));
}

TEST(ParamsTest, KeepsUnencodedValues) {
  EXPECT_EQ(Params::Parse("server_count=ab12:4,cd34:0").Get("server_count"),
            "ab12:4,cd34:0");
}

TEST(ParamsTest, ReadsIntegers) {
  const Params params = Params::Parse("page=2&big=9223372036854775807");
  EXPECT_EQ(*params.GetInteger("page", 1), 2);
  EXPECT_EQ(*params.GetInteger("big", 1), 9223372036854775807);
  EXPECT_EQ(*params.GetInteger("none", 1), std::nullopt);
}

TEST(ParamsTest, ErrorsNameTheParameter) {
  for (const std::string_view value :
       {"0", "-1", "1.5", "x", "", "+1", "%201", "9223372036854775808"}) {
    const auto number =
        Params::Parse("page=" + std::string(value)).GetInteger("page", 1);
    EXPECT_EQ(number.status().code(), absl::StatusCode::kInvalidArgument)
        << value;
    EXPECT_THAT(number.status().message(), HasSubstr("page: \"")) << value;
  }
}

TEST(ParamsTest, ErrorsCutAndEscapeTheValue) {
  const auto message = [](const std::string& value) {
    return std::string(Params::Parse("page=" + value)
                           .GetInteger("page", 1)
                           .status()
                           .message());
  };
  EXPECT_THAT(message("%ff%0a"), HasSubstr(R"(page: "\xff\n" is not)"));
  EXPECT_LT(message(std::string(100000, 'x')).size(), 200);
}

TEST(DecodePercentTest, KeepsPlus) {
  EXPECT_EQ(DecodePercent("a+b%20c%2Ejson"), "a+b c.json");
}

}  // namespace
}  // namespace tallyman::api
