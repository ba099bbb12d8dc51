#include "api/openapi/html_text.h"

#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

TEST(HtmlTextTest, EscapesAllSpecialCharacters) {
  EXPECT_EQ(
      EscapeHtml(R"(<a href="x" title='y'>&amp;</a>)"),
      "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  EXPECT_EQ(EscapeHtml(""), "");
}

TEST(HtmlTextTest, BackticksAreCode) {
  EXPECT_EQ(ProseToHtml("`a<b` or `c`."),
            "<code>a&lt;b</code> or <code>c</code>.");
  EXPECT_EQ(ProseToHtml("a ` <b>"), "a ` &lt;b&gt;");
  EXPECT_EQ(ProseToHtml("``"), "<code></code>");
}

}  // namespace
}  // namespace tallyman::api
