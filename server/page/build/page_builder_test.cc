#include "server/page/build/page_builder.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
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

std::vector<SourceFile> Small() {
  return {
      Document(absl::StrCat("<link rel=\"icon\" href=\"./icon.svg\">\n"
                            "<link rel=\"stylesheet\" href=\"./base.css\">\n"
                            "<link rel=\"stylesheet\" href=\"./ui/ui.css\">\n",
                            kMain)),
      File("base.css", "a { b: c; }"),
      File("ui/ui.css", "d { e: url(../icon.svg) }"),
      File("icon.svg", "<svg/>"),
      File("main.js",
           "import { h } from \"preact\";\n"
           "import { menu } from \"./ui/menu.js\";\nh(menu);\n"),
      File("ui/menu.js",
           "import { api } from \"../api.js\"; // The API.\n"
           "import { useState } from \"preact/hooks\";\n"
           "export const menu = useState(api);\n"),
      File("api.js", "export const api = 1;\n"),
      Library("preact", "const h=1;export{h};"),
      Library("preact/hooks",
              "import{h}from\"preact\";const u=h;export{u as useState};")};
}

// The same with one text changed.
std::vector<SourceFile> SmallWith(std::string_view name,
                                  std::string_view text) {
  std::vector<SourceFile> files = Small();
  for (SourceFile& file : files) {
    if (file.name == name) file.text = std::string(text);
  }
  return files;
}

TEST(BuildPageTest, JoinsModulesAndSheetsAndNamesThemByContent) {
  const BuiltPage page = Build(Small());
  ASSERT_EQ(page.assets.size(), 4U);
  const BuiltAsset& document = page.assets[0];
  const BuiltAsset& icon = page.assets[1];
  const BuiltAsset& sheet = page.assets[2];
  const BuiltAsset& script = page.assets[3];
  EXPECT_EQ(document.path, "/");
  EXPECT_THAT(icon.path, MatchesRegex("/assets/icon-[a-z2-7]{10}\\.svg"));
  EXPECT_THAT(sheet.path, MatchesRegex("/assets/base-[a-z2-7]{10}\\.css"));
  EXPECT_THAT(script.path, MatchesRegex("/assets/main-[a-z2-7]{10}\\.js"));
  EXPECT_EQ(document.body,
            absl::StrCat("<head>\n<link rel=\"icon\" href=\"", icon.path,
                         "\">\n<link rel=\"stylesheet\" href=\"", sheet.path,
                         "\">\n<script type=\"module\" src=\"", script.path,
                         "\"></script>\n</head>\n"));
  EXPECT_EQ(icon.body, "<svg/>");
  EXPECT_EQ(sheet.body, absl::StrCat("a{b:c}d{e:url(", icon.path, ")}"));
  EXPECT_EQ(script.body,
            "const $m0=(()=>{const h=1;\n;return{h}\n})();\n"
            "const $m1=(()=>{const api=1;\n;return{api}\n})();\n"
            "const $m2=(()=>{const{h}=$m0;const u=h;\n;return{useState:u}\n"
            "})();\n"
            "const $m3=(()=>{const{api}=$m1;\nconst{useState}=$m2;\n"
            "const menu=useState(api);\n;return{menu}\n})();\n"
            "(()=>{const{h}=$m0;\nconst{menu}=$m3;\nh(menu);\n})();\n");
  EXPECT_EQ(script.media_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(script.hash.size(), 32U);
}

TEST(BuildPageTest, PartsAddUpToTheirAsset) {
  for (const BuiltAsset& asset : Build(Small()).assets) {
    size_t sum = 0;
    for (const BuiltPart& part : asset.parts) sum += part.size;
    EXPECT_EQ(sum, asset.body.size()) << asset.path;
  }
}

TEST(BuildPageTest, TheSameFilesGiveTheSamePageInAnyOrder) {
  const std::vector<SourceFile> files = Small();
  const BuiltPage page = Build(files);
  const BuiltPage again = Build({files.rbegin(), files.rend()});
  ASSERT_EQ(again.assets.size(), page.assets.size());
  for (size_t i = 0; i < page.assets.size(); ++i) {
    EXPECT_EQ(again.assets[i].path, page.assets[i].path);
    EXPECT_EQ(again.assets[i].body, page.assets[i].body);
    EXPECT_EQ(again.assets[i].hash, page.assets[i].hash);
  }
}

TEST(BuildPageTest, AChangeRenamesTheFileAndThoseThatNameIt) {
  const BuiltPage before = Build(Small());
  const BuiltPage script =
      Build(SmallWith("api.js", "export const api = 2;\n"));
  EXPECT_NE(script.assets[0].hash, before.assets[0].hash);
  EXPECT_EQ(script.assets[1].path, before.assets[1].path);
  EXPECT_EQ(script.assets[2].path, before.assets[2].path);
  EXPECT_NE(script.assets[3].path, before.assets[3].path);
  const BuiltPage icon = Build(SmallWith("icon.svg", "<svg></svg>"));
  EXPECT_NE(icon.assets[1].path, before.assets[1].path);
  EXPECT_NE(icon.assets[2].path, before.assets[2].path);
  EXPECT_EQ(icon.assets[3].path, before.assets[3].path);
}

TEST(BuildPageTest, ACommentRenamesNothing) {
  const BuiltPage page =
      Build(SmallWith("api.js", "// Why.\nexport const api = 1;"));
  EXPECT_EQ(page.assets[0].hash, Build(Small()).assets[0].hash);
}

TEST(BuildPageTest, ListsFilesThatNothingNeeds) {
  std::vector<SourceFile> files = Small();
  files.push_back(File("old.css", "a{}"));
  files.push_back(Library("htm", "export {};"));
  EXPECT_THAT(Build(std::move(files)).unused, ElementsAre("htm", "old.css"));
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
        ErrorOf({Document(kMain),
                 File("main.js", absl::StrCat("import \"", name, "\""))}),
        HasSubstr(absl::StrCat("page/main.js:1: no file is named \"", name,
                               "\"; files of the page are named by ./")));
  }
}

TEST(BuildPageTest, AReferenceToAnotherTypeIsAnError) {
  EXPECT_EQ(ErrorOf({Document(kMain), File("main.js", "import './a.css'"),
                     File("a.css", "")}),
            "page/main.js:1: \"./a.css\" is no .js file");
  EXPECT_EQ(ErrorOf({Document("<img src=\"./a.png\">"), File("a.png", "")}),
            "page/index.html:2: \"./a.png\" is no .svg file");
}

TEST(BuildPageTest, ACircleIsAnError) {
  const SourceFile main = File("main.js", "import './a.js'");
  EXPECT_EQ(ErrorOf({Document(kMain), main, File("a.js", "import './b.js'"),
                     File("b.js", "\n\nimport './a.js'")}),
            "page/b.js:3: files import each other in a circle: "
            "a.js -> b.js -> a.js");
  EXPECT_THAT(ErrorOf({Document(kMain), File("main.js", "import './main.js'")}),
              HasSubstr("main.js -> main.js"));
}

TEST(BuildPageTest, ErrorsOfFilesNameThem) {
  EXPECT_EQ(ErrorOf({Document(kMain), File("main.js", "\nf(")}),
            "page/main.js:2: this bracket or template has no end");
  EXPECT_THAT(ErrorOf({Document(kMain), File("main.js", "export let a = 1;")}),
              HasSubstr("page/main.js:1: export let is not for this page"));
  EXPECT_THAT(ErrorOf({Document("<p onclick=\"f()\">")}),
              HasSubstr("page/index.html:2: the policy of the page forbids"));
}

TEST(BuildPageTest, OtherMistakes) {
  EXPECT_EQ(ErrorOf({}), "the page has no index.html");
  EXPECT_THAT(ErrorOf({Document(kMain), Document(kMain)}),
              HasSubstr("two files named \"index.html\""));
  EXPECT_EQ(ErrorOf({Document(absl::StrCat(kMain, "\n", kMain)),
                     File("main.js", "")}),
            "page/index.html:3: the page has one script; import it");
  EXPECT_THAT(ErrorOf({Document(kMain), File("main.js", "import 'a'"),
                       Library("a", "import './b.mjs'")}),
              HasSubstr("imports \"./b.mjs\", a file of its own"));
}

}  // namespace
}  // namespace tallyman::page
