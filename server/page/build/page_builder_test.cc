#include "server/page/build/page_builder.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::page {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

SourceFile File(std::string_view name, std::string_view text) {
  return {.name = std::string(name),
          .path = absl::StrCat("page/", name),
          .text = std::string(text)};
}

SourceFile Library(std::string_view name, std::string_view text) {
  return {.name = std::string(name),
          .path = absl::StrCat("libraries/", name, ".mjs"),
          .text = std::string(text),
          .is_library = true};
}

SourceFile Document(std::string_view head) {
  return File("index.html", absl::StrCat("<head>\n", head, "\n</head>\n"));
}

constexpr std::string_view kMain =
    "<script type=\"module\" src=\"./main.js\"></script>";

BuiltPage Build(std::vector<SourceFile> files) {
  absl::StatusOr<BuiltPage> page = BuildPage(std::move(files));
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? *std::move(page) : BuiltPage();
}

std::string ErrorOf(std::vector<SourceFile> files) {
  const absl::StatusOr<BuiltPage> page = BuildPage(std::move(files));
  return page.ok() ? "" : std::string(page.status().message());
}

const BuiltAsset& AssetOf(const BuiltPage& page, std::string_view source) {
  for (const BuiltAsset& asset : page.assets) {
    if (asset.source == source) return asset;
  }
  ADD_FAILURE() << "no asset of " << source;
  return page.assets.front();
}

std::string FileName(const BuiltAsset& asset) {
  return asset.path.substr(kAssetsPath.size());
}

std::vector<SourceFile> Small() {
  return {Document(absl::StrCat(
              "<link rel=\"stylesheet\" href=\"./looks/base.css\">", kMain)),
          File("looks/base.css", "a { b: url(../icon.svg) }"),
          File("icon.svg", "<svg/>"),
          File("main.js",
               "import { h } from \"preact\";\n"
               "import { menu } from \"./ui/menu.js\";\n"),
          File("ui/menu.js",
               "import { api } from \"../api.js\"; // The API.\n"
               "import { useState } from \"preact/hooks\";\n"),
          File("api.js", "export const api = 1;\n"),
          Library("preact", "export const h = 1;"),
          Library("preact/hooks", "import{h}from\"preact\";")};
}

TEST(BuildPageTest, NamesByContentAndImportsOfTheseNames) {
  const BuiltPage page = Build(Small());
  EXPECT_EQ(page.assets.size(), 8U);
  const BuiltAsset& document = page.assets.front();
  const BuiltAsset& main = AssetOf(page, "main.js");
  const BuiltAsset& menu = AssetOf(page, "ui/menu.js");
  const BuiltAsset& hooks = AssetOf(page, "preact/hooks");
  const BuiltAsset& preact = AssetOf(page, "preact");
  EXPECT_EQ(document.path, "/");
  EXPECT_THAT(main.path, MatchesRegex("/assets/main-[a-z2-7]{10}\\.js"));
  EXPECT_THAT(hooks.path, MatchesRegex("/assets/hooks-[a-z2-7]{10}\\.js"));
  EXPECT_EQ(main.media_type, "text/javascript; charset=utf-8");
  EXPECT_THAT(document.body, HasSubstr("src=\"" + main.path + "\""));
  EXPECT_EQ(main.body, "import{h}from\"./" + FileName(preact) +
                           "\";\nimport{menu}from\"./" + FileName(menu) +
                           "\";\n");
  EXPECT_EQ(menu.body,
            "import{api}from\"./" + FileName(AssetOf(page, "api.js")) +
                "\";\nimport{useState}from\"./" + FileName(hooks) + "\";\n");
  EXPECT_EQ(hooks.body, "import{h}from\"./" + FileName(preact) + "\";\n");
  EXPECT_EQ(AssetOf(page, "looks/base.css").body,
            "a{b:url(./" + FileName(AssetOf(page, "icon.svg")) + ")}");
  EXPECT_EQ(main.hash.size(), 32U);
}

TEST(BuildPageTest, PreloadsAllModulesThatAreNeededAtOnce) {
  std::vector<SourceFile> files = Small();
  files.push_back(File("later.js", "export {};"));
  files[3].text += "const later = () => import(\"./later.js\");\n";
  const BuiltPage page = Build(std::move(files));
  const std::string& document = page.assets.front().body;
  for (const BuiltAsset& asset : page.assets) {
    const std::string link =
        "<link rel=\"modulepreload\" href=\"" + asset.path + "\">";
    EXPECT_EQ(absl::StrContains(document, link),
              absl::EndsWith(asset.path, ".js") && asset.source != "later.js")
        << asset.source;
  }
  EXPECT_THAT(AssetOf(page, "main.js").body,
              HasSubstr("import(\"./" + FileName(AssetOf(page, "later.js"))));
}

TEST(BuildPageTest, TheSameFilesGiveTheSameNamesInAnyOrder) {
  std::vector<SourceFile> files = Small();
  const BuiltPage page = Build(files);
  std::vector<SourceFile> reversed(files.rbegin(), files.rend());
  const BuiltPage again = Build(std::move(reversed));
  ASSERT_EQ(again.assets.size(), page.assets.size());
  for (size_t i = 0; i < page.assets.size(); ++i) {
    EXPECT_EQ(again.assets[i].path, page.assets[i].path);
    EXPECT_EQ(again.assets[i].body, page.assets[i].body);
    EXPECT_EQ(again.assets[i].hash, page.assets[i].hash);
  }
}

TEST(BuildPageTest, AChangeRenamesTheFileAndThoseThatNeedIt) {
  const BuiltPage before = Build(Small());
  std::vector<SourceFile> files = Small();
  files[5].text = "export const api = 2;\n";
  const BuiltPage after = Build(std::move(files));
  for (const std::string_view source : {"api.js", "ui/menu.js", "main.js"}) {
    EXPECT_NE(AssetOf(before, source).path, AssetOf(after, source).path);
  }
  EXPECT_NE(before.assets[0].hash, after.assets[0].hash);
  for (const std::string_view source : {"preact", "looks/base.css"}) {
    EXPECT_EQ(AssetOf(before, source).path, AssetOf(after, source).path);
  }
}

TEST(BuildPageTest, ACommentRenamesNothing) {
  std::vector<SourceFile> files = Small();
  files[5].text += "// Why.\n";
  EXPECT_EQ(Build(std::move(files)).assets[0].hash,
            Build(Small()).assets[0].hash);
}

TEST(BuildPageTest, ListsFilesThatNothingNeeds) {
  std::vector<SourceFile> files = Small();
  files.push_back(File("old.css", "a{}"));
  files.push_back(Library("htm", "export {};"));
  EXPECT_THAT(Build(std::move(files)).unused, ElementsAre("htm", "old.css"));
}

TEST(BuildPageTest, EqualFilesOfOneNameAreOneAsset) {
  const BuiltPage page = Build({Document("<script src=\"./a/x.js\"></script>"
                                         "<script src=\"./b/x.js\"></script>"),
                                File("a/x.js", "f()"), File("b/x.js", "f()")});
  EXPECT_EQ(page.assets.size(), 2U);
}

TEST(BuildPageTest, AReferenceToNothingNamesItsPlace) {
  EXPECT_EQ(ErrorOf({Document(kMain), File("main.js", "\nimport './a.js';")}),
            "page/main.js:2: no file is named \"./a.js\"");
  EXPECT_EQ(ErrorOf({Document(kMain), File("main.js", "import '../a.js'")}),
            "page/main.js:1: no file is named \"../a.js\"");
  EXPECT_EQ(ErrorOf({Document(kMain)}),
            "page/index.html:2: no file is named \"./main.js\"");
  for (const std::string_view name :
       {"main.js", "/main.js", "htm", "https://example.com/main.js"}) {
    EXPECT_THAT(
        ErrorOf({Document(absl::StrCat("<script src=\"", name, "\"></script>")),
                 File("main.js", "")}),
        HasSubstr(absl::StrCat("page/index.html:2: no file is named \"", name,
                               "\"; files of the page are named by ./")));
  }
}

TEST(BuildPageTest, ACircleIsAnError) {
  const SourceFile main = File("main.js", "import './a.js'");
  EXPECT_EQ(ErrorOf({Document(kMain), main, File("a.js", "import './b.js'"),
                     File("b.js", "\n\nimport './a.js'")}),
            "page/b.js:3: files import each other in a circle: "
            "a.js -> b.js -> a.js");
  EXPECT_EQ(ErrorOf({Document(kMain), main,
                     File("a.js", "const f = () => import('./main.js')")}),
            "page/a.js:1: files import each other in a circle: "
            "main.js -> a.js -> main.js");
  EXPECT_THAT(ErrorOf({Document(kMain), File("main.js", "import './main.js'")}),
              HasSubstr("main.js -> main.js"));
}

TEST(BuildPageTest, ErrorsOfFilesNameThem) {
  EXPECT_EQ(ErrorOf({Document(kMain), File("main.js", "\nf(")}),
            "page/main.js:2: this bracket or template has no end");
  EXPECT_THAT(ErrorOf({Document("<p onclick=\"f()\">")}),
              HasSubstr("page/index.html:2: the policy of the page forbids"));
}

TEST(BuildPageTest, OtherMistakes) {
  EXPECT_EQ(ErrorOf({}), "the page has no index.html");
  EXPECT_THAT(ErrorOf({Document(kMain), Document(kMain)}),
              HasSubstr("two files named \"index.html\""));
  EXPECT_THAT(ErrorOf({Document("<img src=\"./a.png\">"), File("a.png", "")}),
              HasSubstr("page/a.png: not a file that a page can name"));
  EXPECT_THAT(ErrorOf({Document("<script src=\"a\"></script>"),
                       Library("a", "import './b.mjs'")}),
              HasSubstr("imports \"./b.mjs\", a file of its own"));
}

}  // namespace
}  // namespace tallyman::page
