#include "server/page/build/cc_source.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/page/build/page_builder.h"

namespace tallyman::page {
namespace {

using ::testing::HasSubstr;

TEST(CcLiteralsTest, EscapesWhatALiteralCannotHave) {
  EXPECT_EQ(CcLiterals("a\"b\\c?\n7"), "\n\"a\\042b\\134c\\077\\0127\"");
  EXPECT_EQ(CcLiterals(std::string("\0\xff", 2)), "\n\"\\000\\377\"");
  EXPECT_EQ(CcLiterals(""), "\n\"\"");
}

TEST(CcLiteralsTest, LongTextsHaveSeveralLines) {
  EXPECT_EQ(
      CcLiterals(std::string(150, 'x')),
      "\n\"" + std::string(100, 'x') + "\"\n\"" + std::string(50, 'x') + "\"");
}

TEST(WriteCcSourceTest, HasEachAsset) {
  const std::vector<BuiltAsset> assets = {
      {.path = "/", .media_type = "text/html", .body = "<p>", .hash = "ab"}};
  const std::string source = WriteCcSource(assets);
  EXPECT_THAT(source, HasSubstr(".path = std::string_view(\n\"/\", 1)"));
  EXPECT_THAT(source, HasSubstr(".body = std::string_view(\n\"<p>\", 3)"));
  EXPECT_THAT(source, HasSubstr("\\037\\213"));  // gzip's first bytes
  EXPECT_EQ(source, WriteCcSource(assets));
}

}  // namespace
}  // namespace tallyman::page
