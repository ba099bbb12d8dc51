#include "api/openapi/docs_page.h"

#include <set>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/openapi/docs_style.h"
#include "api/openapi/testing_operations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string& Page() {
  static const std::string& page =
      *new std::string(RenderDocsPage(kTestOperations, "1.2.3<"));
  return page;
}

TEST(DocsPageTest, ShowsEachOperation) {
  for (const Operation* const operation : kTestOperations) {
    EXPECT_THAT(Page(), HasSubstr(absl::StrCat("id=\"", operation->id, "\"")));
    EXPECT_THAT(Page(),
                HasSubstr(absl::StrCat("<code>", operation->path, "</code>")));
  }
  EXPECT_THAT(Page(), HasSubstr("<code>/api/3/boxes/{id}</code>"));
  EXPECT_THAT(Page(), Not(HasSubstr("/api/3/server/box")));
  EXPECT_THAT(Page(), HasSubstr("<code>colours</code>"));
  EXPECT_THAT(Page(), HasSubstr("<a href=\"#stacks-conflict\">409</a>"));
}

TEST(DocsPageTest, ShowsExamplesAsTheyAreSent) {
  EXPECT_THAT(Page(), HasSubstr("<pre tabindex=\"0\">{\n  &quot;id&quot;: 7\n}"
                                "</pre>"));
  EXPECT_THAT(Page(), HasSubstr("<pre tabindex=\"0\">id=7</pre>"));
}

TEST(DocsPageTest, EscapesAllText) {
  EXPECT_THAT(Page(), HasSubstr("1.2.3&lt;"));
  EXPECT_THAT(Page(), HasSubstr("Things with &lt;things&gt; in them."));
  EXPECT_THAT(Page(), HasSubstr("Makes a &lt;box&gt;"));
  EXPECT_THAT(Page(),
              HasSubstr("A box &amp; its <code>&lt;content&gt;</code>."));
  for (const std::string_view raw : {"<things>", "<box>", "<content>"}) {
    EXPECT_THAT(Page(), Not(HasSubstr(std::string(raw))));
  }
}

TEST(DocsPageTest, EachLinkLeadsToOnePlaceOfThePage) {
  std::set<std::string> ids;
  static const RE2 id_pattern(R"re( id="([^"]*)")re");
  static const RE2 link_pattern(R"re(href="#([^"]*)")re");
  std::string id;
  for (std::string_view rest = Page();
       RE2::FindAndConsume(&rest, id_pattern, &id);) {
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
  int links = 0;
  for (std::string_view rest = Page();
       RE2::FindAndConsume(&rest, link_pattern, &id); ++links) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
  EXPECT_GT(links, 30);
}

TEST(DocsPageTest, HasItsStyleAndNothingFromElsewhere) {
  EXPECT_THAT(Page(),
              HasSubstr(absl::StrCat("<style>", kDocsStyle, "</style>")));
  for (const std::string_view asset :
       {"<script", "<link", "<img", " src=", " style=", "@import", "url("}) {
    EXPECT_THAT(Page(), Not(HasSubstr(std::string(asset))));
  }
  EXPECT_THAT(Page(), HasSubstr("name=\"viewport\""));
}

}  // namespace
}  // namespace tallyman::api
