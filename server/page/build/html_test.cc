#include "server/page/build/html.h"

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

std::string ErrorOf(std::string_view text) {
  const auto found = FindHtmlReferences(text);
  return found.ok() ? "" : std::string(found.status().message());
}

std::string_view TagOf(const HtmlReference& found, std::string_view text) {
  return text.substr(found.tag_begin, found.tag_end - found.tag_begin);
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
  EXPECT_EQ((*found)[0].reference.name, "./a.css");
  EXPECT_EQ((*found)[0].reference.line, 3);
  EXPECT_EQ((*found)[0].role, HtmlRole::kSheet);
  EXPECT_EQ(TagOf((*found)[0], kText),
            "<link rel=\"stylesheet\" href=\"./a.css\" />");
  EXPECT_EQ((*found)[1].reference.name, "./b.js");
  EXPECT_EQ((*found)[1].reference.line, 5);
  EXPECT_EQ((*found)[1].role, HtmlRole::kScript);
  EXPECT_EQ((*found)[2].reference.name, "./c.svg");
  EXPECT_EQ((*found)[2].role, HtmlRole::kOther);
  EXPECT_EQ(TagOf((*found)[2], kText), "<img alt=\"\" src=\"./c.svg\">");
  for (const HtmlReference& found_one : *found) {
    const Reference& reference = found_one.reference;
    EXPECT_EQ(kText.substr(reference.begin, reference.name.size()),
              reference.name);
  }
}

TEST(FindHtmlReferencesTest, RefusesWhatThePolicyForbids) {
  EXPECT_THAT(ErrorOf("\n<script>f()</script>"),
              HasSubstr("2: the policy of the page forbids a script"));
  EXPECT_THAT(ErrorOf("<script src=\"./a.js\"></script>"),
              HasSubstr("scripts of the page are modules"));
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

TEST(MinifyHtmlTest, DropsCommentsIndentationAndEmptyLines) {
  const absl::StatusOr<std::string> minified =
      MinifyHtml("<head>\n  <!-- a\n b -->\n\n  <title>c d</title>\n</head>");
  ASSERT_TRUE(minified.ok()) << minified.status();
  EXPECT_EQ(*minified, "<head>\n<title>c d</title>\n</head>\n");
  EXPECT_FALSE(MinifyHtml("<!-- a").ok());
}

}  // namespace
}  // namespace tallyman::page
