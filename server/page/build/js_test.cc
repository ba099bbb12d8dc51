#include "server/page/build/js.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> NamesOf(std::string_view text) {
  const absl::StatusOr<std::vector<Reference>> found = FindJsReferences(text);
  EXPECT_TRUE(found.ok()) << found.status();
  std::vector<std::string> names;
  if (!found.ok()) return names;
  for (const Reference& reference : *found) {
    EXPECT_EQ(text.substr(reference.begin, reference.name.size()),
              reference.name);
    names.push_back(reference.name);
  }
  return names;
}

std::string ErrorOf(std::string_view text) {
  const auto found = FindJsReferences(text);
  return found.ok() ? "" : std::string(found.status().message());
}

std::string Minified(std::string_view text) {
  const absl::StatusOr<std::string> minified = MinifyJs(text);
  EXPECT_TRUE(minified.ok()) << minified.status();
  if (!minified.ok()) return "";
  // Nothing is left to do.
  EXPECT_EQ(MinifyJs(*minified).value_or(""), *minified);
  return *minified;
}

TEST(FindJsReferencesTest, ImportsOfAllForms) {
  EXPECT_THAT(NamesOf(R"(
    import "./a.js";
    import b from "./b.js";
    import * as c from './c.js';
    import d, { e as f, default as g } from "./d.js";
    import {
      h, // from "comment"
      i,
    } from "./e.js";
    import{options as n}from"preact";
    import from from "./f.js";
    const j = await import("./g.js");
  )"),
              ElementsAre("./a.js", "./b.js", "./c.js", "./d.js", "./e.js",
                          "preact", "./f.js", "./g.js"));
}

TEST(FindJsReferencesTest, ExportsFromOtherModules) {
  EXPECT_THAT(NamesOf(R"(
    export * from "./a.js";
    export * as b from "./b.js";
    export { c, d as e } from "./c.js";
    export { f };
    export const g = { from: "x" };
    export function* h() {}
    export default { i: "y" };
    export{k as l};
    const from = "z";
  )"),
              ElementsAre("./a.js", "./b.js", "./c.js"));
}

TEST(FindJsReferencesTest, OtherTextsAreNoImports) {
  EXPECT_THAT(NamesOf(R"(
    /** @type {import("./comment.js").T} */
    // import "./comment.js";
    const a = "import './string.js'";
    const b = `import "./template.js"`;
    const c = /import "regex"/;
    d.import("./method.js");
    const e = { import: "./key.js", from: "./key.js" };
    const f = import.meta.url;
    important("./g.js");
  )"),
              IsEmpty());
}

TEST(FindJsReferencesTest, AnImportInATemplateCounts) {
  EXPECT_THAT(NamesOf("`${import(\"./a.js\")}`"), ElementsAre("./a.js"));
}

TEST(FindJsReferencesTest, LinesAndLaziness) {
  const auto found = FindJsReferences("\nimport(\"./a.js\");\nimport './b.js'");
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].line, 2);
  EXPECT_TRUE((*found)[0].is_lazy);
  EXPECT_EQ((*found)[1].line, 3);
  EXPECT_FALSE((*found)[1].is_lazy);
}

TEST(FindJsReferencesTest, ImportsThatCannotBeRead) {
  EXPECT_EQ(ErrorOf("\nimport(name)"),
            "2: import() takes the name of one module");
  EXPECT_EQ(ErrorOf("import(`./${name}.js`)"),
            "1: import() takes the name of one module");
  EXPECT_EQ(ErrorOf("import(\"./a\" + b)"),
            "1: import() takes the name of one module");
  EXPECT_EQ(ErrorOf("import { a } of \"b\""), "1: this import names no module");
  EXPECT_EQ(ErrorOf("import a;"), "1: this import names no module");
  EXPECT_EQ(ErrorOf("export * as a;"), "1: this export names no module");
  EXPECT_THAT(ErrorOf(R"(import "./\x61.js")"), HasSubstr("has an escape"));
  EXPECT_THAT(ErrorOf("import ''"), HasSubstr("is empty"));
}

TEST(MinifyJsTest, DropsCommentsIndentationAndBlankLines) {
  EXPECT_EQ(Minified(R"(// @ts-check
// Purpose.

/** @param {string} a */
export function f(a) {
  // Why.
  return a; // b

}
)"),
            "export function f(a){\nreturn a;\n}\n");
}

TEST(MinifyJsTest, KeepsLineBreaksThatEndStatements) {
  EXPECT_EQ(Minified("let a = b /* c\n */ let d\n  ++e"),
            "let a=b\nlet d\n++e\n");
  EXPECT_EQ(Minified("return // a\n  b"), "return\nb\n");
}

TEST(MinifyJsTest, KeepsSpacesThatSeparate) {
  EXPECT_EQ(Minified("a + +b - -c + ++d - e"), "a+ +b- -c+ ++d-e\n");
  EXPECT_EQ(Minified("a / /b/ .test(c)"), "a/ /b/.test(c)\n");
  EXPECT_EQ(Minified("1 .toString()"), "1 .toString()\n");
  EXPECT_EQ(Minified("x in y, typeof x"), "x in y,typeof x\n");
  EXPECT_EQ(Minified("/a/g in b"), "/a/g in b\n");
  EXPECT_EQ(Minified("a /* b */ c"), "a c\n");
  EXPECT_EQ(Minified("a/**/+/**/b"), "a+b\n");
  EXPECT_EQ(Minified("a ? .5 : b"), "a? .5:b\n");
}

TEST(MinifyJsTest, StringsTemplatesAndRegularExpressionsStay) {
  for (const std::string_view text :
       {"f(\"a  // b\")\n", "f('/*  */')\n", "f(`a\n  // b  ${c}\n  d`)\n",
        "f(/a  \\/\\/ b/)\n", "css`\n    a`\n"}) {
    EXPECT_EQ(Minified(text), text);
  }
}

TEST(MinifyJsTest, TemplatesOfHtmlLoseTheirIndentation) {
  EXPECT_EQ(Minified("html`\n    <p\n      class=${a}>\n      ${b && html`\n"
                     "        <i>  c</i>`}\n    </p>\n  `"),
            "html`\n<p\nclass=${a}>\n${b&&html`\n<i>  c</i>`}\n</p>\n`\n");
  // Another template inside stays.
  EXPECT_EQ(Minified("html`<p>${f(`a\n  b`)}\n  </p>`"),
            "html`<p>${f(`a\n  b`)}\n</p>`\n");
  // The text of an escaped line break has no line break.
  EXPECT_EQ(Minified("html`a\\\n  b`"), "html`a\\\n  b`\n");
}

TEST(MinifyJsTest, TextThatCannotBeReadIsAnError) {
  EXPECT_EQ(MinifyJs("f(").status().message(),
            "1: this bracket or template has no end");
}

}  // namespace
}  // namespace tallyman::page
