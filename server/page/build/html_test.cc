#include "server/page/build/html.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto found = FindHtmlReferences(text);
  return found.ok() ? "" : std::string(found.status().message());
}

TEST(FindHtmlReferencesTest, FilesThatElementsName) {
  constexpr std::string_view kText = R"(<!doctype html>
<html lang="en">
  <link rel="stylesheet" href="./a.css" />
  <!-- <link href="./comment.css"> -->
  <script type="module" async src='./b.js'></script>
  <a href="/docs">1 &lt; 2</a><img alt="" src="./c.svg">
</html>)";
  const auto found = FindHtmlReferences(kText);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ((*found)[0].name, "./a.css");
  EXPECT_EQ((*found)[0].line, 3);
  EXPECT_EQ((*found)[1].name, "./b.js");
  EXPECT_EQ((*found)[1].line, 5);
  EXPECT_EQ((*found)[2].name, "./c.svg");
  for (const Reference& reference : *found) {
    EXPECT_EQ(kText.substr(reference.begin, reference.name.size()),
              reference.name);
  }
}

TEST(FindHtmlReferencesTest, RefusesWhatThePolicyForbids) {
  EXPECT_THAT(ErrorOf("\n<script>f()</script>"),
              HasSubstr("2: the policy of the page forbids a script"));
  EXPECT_THAT(ErrorOf("<style>a{}</style>"), HasSubstr("forbids <style>"));
  EXPECT_THAT(ErrorOf("<p style=\"color: red\">"),
              HasSubstr("forbids the attribute style"));
  EXPECT_THAT(ErrorOf("<p onclick=\"f()\">"),
              HasSubstr("forbids the attribute onclick"));
}

TEST(FindHtmlReferencesTest, RefusesMarkupThatIsNotPlain) {
  EXPECT_THAT(ErrorOf("<img src=a.svg>"), HasSubstr("needs quotation marks"));
  EXPECT_THAT(ErrorOf("<img src=\"a.svg>"), HasSubstr("quotation marks"));
  EXPECT_THAT(ErrorOf("<p \"a\">"), HasSubstr("<p> is not written plainly"));
  EXPECT_THAT(ErrorOf("1 < 2"), HasSubstr("begins no element"));
  EXPECT_THAT(ErrorOf("<!-- a"), HasSubstr("has no end"));
}

TEST(FinishHtmlTest, DropsCommentsAndAddsPreloads) {
  const absl::StatusOr<std::string> finished = FinishHtml(
      "<head>\n  <!-- a\n b -->\n\n  <title>c d</title>\n  </head>\n  <p>\n",
      std::vector<std::string>{"/assets/a.js", "/assets/b.js"});
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(*finished,
            "<head>\n<title>c d</title>\n"
            "<link rel=\"modulepreload\" href=\"/assets/a.js\">\n"
            "<link rel=\"modulepreload\" href=\"/assets/b.js\">\n"
            "</head>\n<p>\n");
}

TEST(FinishHtmlTest, NeedsAHead) {
  EXPECT_THAT(FinishHtml("<p>", {}).status().message(),
              HasSubstr("the document has no </head>"));
}

}  // namespace
}  // namespace tallyman::page
