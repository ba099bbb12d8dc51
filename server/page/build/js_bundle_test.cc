#include "server/page/build/js_bundle.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::page {
namespace {

using ::testing::HasSubstr;

// Module number 9, which imports the modules 0, 1, 2, ...
absl::StatusOr<std::string> Bundle(std::string_view text) {
  return BundleJsModule(text, 9, {0, 1, 2, 3, 4, 5, 6, 7, 8});
}

std::string Bundled(std::string_view text) {
  const absl::StatusOr<std::string> bundled = Bundle(text);
  EXPECT_TRUE(bundled.ok()) << bundled.status();
  return bundled.value_or("");
}

std::string ErrorOf(std::string_view text) {
  return std::string(Bundle(text).status().message());
}

TEST(BundleJsModuleTest, ImportsBecomeConstants) {
  EXPECT_EQ(Bundled("import \"./a.js\";\n"
                    "import b from \"./b.js\";\n"
                    "import * as c from \"./c.js\";\n"
                    "import d, { e as f, g, } from \"./d.js\";\n"
                    "import h, * as i from './e.js';\n"
                    "import { default as j } from \"./f.js\"\n"
                    "import from from \"./g.js\";\n"
                    "k();\n"),
            "(()=>{const{default:b}=$m1;\n"
            "const c=$m2;\n"
            "const{default:d,e:f,g}=$m3;\n"
            "const i=$m4;const{default:h}=$m4;\n"
            "const{default:j}=$m5;\n"
            "const{default:from}=$m6;\n"
            "k();\n})();\n");
}

TEST(BundleJsModuleTest, DeclarationsAreReturned) {
  EXPECT_EQ(Bundled("export const a = [1, 2];\n"
                    "export function b() { return { c: 1 }; }\n"
                    "export async function d() {}\n"
                    "export function* e() {}\n"
                    "export class F extends G {}\n"),
            "const $m9=(()=>{const a=[1,2];\n"
            "function b(){return{c:1};}\n"
            "async function d(){}\n"
            "function*e(){}\n"
            "class F extends G{}\n"
            ";return{a,b,d,e,F}\n})();\n");
}

TEST(BundleJsModuleTest, ListsAreReturned) {
  EXPECT_EQ(Bundled("const a = 1;\nexport { a, b as c };\n"
                    "export { d, e as f } from \"./g.js\";\nh();\n"),
            "const $m9=(()=>{const a=1;\nh();\n"
            ";return{a,c:b,d:$m0.d,f:$m0.e}\n})();\n");
  EXPECT_EQ(Bundled("var x=1;export{x as Component,$ as Fragment};"),
            "const $m9=(()=>{var x=1;\n;return{Component:x,Fragment:$}\n"
            "})();\n");
}

TEST(BundleJsModuleTest, DefaultsAreReturned) {
  EXPECT_EQ(Bundled("export default function(a){return a}"),
            "const $m9=(()=>{const $mdefault=function(a){return a}\n"
            ";return{default:$mdefault}\n})();\n");
  EXPECT_EQ(Bundled("export default function a() {}"),
            "const $m9=(()=>{function a(){}\n;return{default:a}\n})();\n");
  EXPECT_EQ(Bundled("export default html.bind(1);"),
            "const $m9=(()=>{const $mdefault=html.bind(1);\n"
            ";return{default:$mdefault}\n})();\n");
  EXPECT_EQ(Bundled("export default class extends A {}"),
            "const $m9=(()=>{const $mdefault=class extends A{}\n"
            ";return{default:$mdefault}\n})();\n");
}

TEST(BundleJsModuleTest, ValuesMayHaveCommasInBracketsAndTemplates) {
  EXPECT_THAT(Bundled("export const a = (b, c) => html`${[b, c]}, ${{ d, e }}`;"
                      "\nexport const f = 1;"),
              HasSubstr(";return{a,f}"));
}

TEST(BundleJsModuleTest, WhatIsNotForThisPage) {
  EXPECT_EQ(ErrorOf("\nexport let a = 1;"),
            "2: export let is not for this page; export constants, functions, "
            "classes or a list");
  EXPECT_THAT(ErrorOf("export * from \"./a.js\""),
              HasSubstr("export * is not for this page"));
  EXPECT_THAT(ErrorOf("export const a = 1, b = 2;"),
              HasSubstr("export one name by one export const"));
  EXPECT_THAT(ErrorOf("export const { a } = b;"),
              HasSubstr("export one name by one export const"));
  EXPECT_THAT(ErrorOf("f(() => import(\"./a.js\"))"),
              HasSubstr("import() has no use"));
  EXPECT_EQ(ErrorOf("a();\nimport \"./a.js\";"), "2: imports come first");
  EXPECT_THAT(ErrorOf("const $m1 = 1;"), HasSubstr("those of the build"));
  EXPECT_THAT(ErrorOf("export { \"a b\" as c };"),
              HasSubstr("this list is not plain names"));
}

TEST(BundleJsModuleTest, WordsOfOthersStay) {
  EXPECT_EQ(Bundled("a.export = { import: 1, export: 2 };\n"
                    "f(import.meta.url, b.$m1);"),
            "(()=>{a.export={import:1,export:2};\n"
            "f(import.meta.url,b.$m1);\n})();\n");
}

}  // namespace
}  // namespace tallyman::page
