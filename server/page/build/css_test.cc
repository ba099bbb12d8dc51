#include "server/page/build/css.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

using ::testing::HasSubstr;

std::string Minified(std::string_view text) {
  const absl::StatusOr<std::string> minified = MinifyCss(text);
  EXPECT_TRUE(minified.ok()) << minified.status();
  if (!minified.ok()) return "";
  EXPECT_EQ(MinifyCss(*minified).value_or(""), *minified);
  return *minified;
}

TEST(FindCssReferencesTest, NamesInUrls) {
  constexpr std::string_view kText =
      "a { background: url(./a.svg); }\n/* url(./b.svg) */\n"
      "b { mask: url( \"./c.svg\" ), url('./d.svg'); content: 'url(e)'; }";
  const auto found = FindCssReferences(kText);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ((*found)[0].name, "./a.svg");
  EXPECT_EQ((*found)[0].line, 1);
  EXPECT_EQ((*found)[1].name, "./c.svg");
  EXPECT_EQ((*found)[1].line, 3);
  EXPECT_EQ((*found)[2].name, "./d.svg");
  for (const Reference& reference : *found) {
    EXPECT_EQ(kText.substr(reference.begin, reference.name.size()),
              reference.name);
  }
}

TEST(FindCssReferencesTest, Errors) {
  EXPECT_THAT(FindCssReferences("\n@import \"a.css\";").status().message(),
              HasSubstr("2: @import makes a browser wait"));
  for (const std::string_view text : {"a\n/* b", "a\n'b\n'", "a\nurl(b"}) {
    EXPECT_THAT(FindCssReferences(text).status().message(),
                HasSubstr("2: this comment, string or url() has no end"))
        << text;
  }
}

TEST(MinifyCssTest, DropsCommentsAndWhiteSpace) {
  EXPECT_EQ(Minified(R"(/* Colours. */
:root {
  --ink: #123; /* dark */
  color: var(--ink);
}

a,
b > c {
  margin: 0 auto;
}
@media (min-width: 640px) and (max-width: 9em) {
  a {
    color: red;
  }
}
)"),
            ":root{--ink:#123;color:var(--ink)}a,b > c{margin:0 auto}"
            "@media (min-width:640px) and (max-width:9em){a{color:red}}");
}

TEST(MinifyCssTest, KeepsSpacesThatMeanSomething) {
  EXPECT_EQ(Minified("a :hover {}"), "a :hover{}");
  EXPECT_EQ(Minified("a:hover {}"), "a:hover{}");
  EXPECT_EQ(Minified("a .b #c [d] {}"), "a .b #c [d]{}");
  EXPECT_EQ(Minified("w: calc(1px + 2px);"), "w:calc(1px + 2px);");
  EXPECT_EQ(Minified("m: 0 -1px"), "m:0 -1px");
}

TEST(MinifyCssTest, ACommentIsNoWhiteSpace) {
  EXPECT_EQ(Minified("a/* x */b {}"), "a/**/b{}");
  EXPECT_EQ(Minified("a /* x */ b {}"), "a b{}");
}

TEST(MinifyCssTest, StringsAndEscapesStay) {
  EXPECT_EQ(Minified("a::after { content: \" ; /* } */ \\\" \"; }"),
            "a::after{content:\" ; /* } */ \\\" \"}");
  EXPECT_EQ(Minified(".a\\:b { c: url( 'd e.svg' ) }"),
            ".a\\:b{c:url( 'd e.svg' )}");
}

}  // namespace
}  // namespace tallyman::page
