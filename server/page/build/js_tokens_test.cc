#include "server/page/build/js_tokens.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::page {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<JsToken> Read(std::string_view text) {
  absl::StatusOr<std::vector<JsToken>> tokens = ReadJsTokens(text);
  EXPECT_TRUE(tokens.ok()) << tokens.status();
  if (!tokens.ok()) return {};
  std::string joined;
  for (const JsToken& token : *tokens) absl::StrAppend(&joined, token.text);
  EXPECT_EQ(joined, text);
  return *std::move(tokens);
}

// The texts of the tokens of one kind.
std::vector<std::string> Of(JsTokenKind kind, std::string_view text) {
  std::vector<std::string> found;
  for (const JsToken& token : Read(text)) {
    if (token.kind == kind) found.emplace_back(token.text);
  }
  return found;
}

std::vector<std::string> Regexes(std::string_view text) {
  return Of(JsTokenKind::kRegex, text);
}

std::string ErrorOf(std::string_view text) {
  const auto tokens = ReadJsTokens(text);
  return tokens.ok() ? "" : std::string(tokens.status().message());
}

TEST(JsTokensTest, WordsAndNumbers) {
  EXPECT_THAT(Of(JsTokenKind::kWord, "const $a_1 = 1.5e-3 + 0xe+1 + .5 + 1_0n"),
              ElementsAre("const", "$a_1", "1.5e-3", "0xe", "1", ".5", "1_0n"));
  EXPECT_THAT(Of(JsTokenKind::kWord, "this.#größe"),
              ElementsAre("this", "#größe"));
}

TEST(JsTokensTest, StringsEndAtTheirOwnQuotationMark) {
  EXPECT_THAT(Of(JsTokenKind::kString, R"(a("it's", '"', "\"", '\\'))"),
              ElementsAre(R"("it's")", R"('"')", R"("\"")", R"('\\')"));
  EXPECT_THAT(Of(JsTokenKind::kComment, R"x("// no" + '/* no */')x"),
              IsEmpty());
}

TEST(JsTokensTest, Comments) {
  EXPECT_THAT(Of(JsTokenKind::kComment, "a // b\n/* c\n* / */ d // e"),
              ElementsAre("// b", "/* c\n* / */", "// e"));
}

TEST(JsTokensTest, TemplatesHoldExpressionsThatHoldTemplates) {
  EXPECT_THAT(
      Of(JsTokenKind::kTemplate, "`a ${b({c: `d ${e} f`})} \\` \\${ $ g` + h"),
      ElementsAre("`a ${", "`d ${", "} f`", "} \\` \\${ $ g`"));
  EXPECT_THAT(Of(JsTokenKind::kComment, "`// a ${b /* c */} /* d */`"),
              ElementsAre("/* c */"));
  EXPECT_THAT(Of(JsTokenKind::kTemplate, "``"), ElementsAre("``"));
}

TEST(JsTokensTest, ASlashAfterAnOperandDivides) {
  for (const std::string_view text :
       {"a / b / c", "1 / 2 / 3", "(a) / b / c", "a[0] / b / c", "`a` / b / c",
        "\"a\" / b / c", "a++ / b / c", "a.return / b / c", "this / b / c",
        "f(if_) / b / c", "a?.in / b / c"}) {
    EXPECT_THAT(Regexes(text), IsEmpty()) << text;
  }
}

TEST(JsTokensTest, ASlashElsewhereBeginsARegularExpression) {
  EXPECT_THAT(Regexes("/a/"), ElementsAre("/a/"));
  EXPECT_THAT(Regexes(R"(a = /[/\]"'`]\/(b)/gi.test(c))"),
              ElementsAre(R"(/[/\]"'`]\/(b)/gi)"));
  for (const std::string_view before :
       {"a = ", "f(", "[", "a, ", "!", "a && ", "a ? ", "b: ", "return ",
        "typeof ", "case ", "=> ", "if (a) ", "while (f(a)) ", "`${", "; ",
        "{ ", "a - "}) {
    const std::string text = absl::StrCat(before, "/x y/");
    absl::StatusOr<std::vector<JsToken>> tokens = ReadJsTokens(text);
    // Brackets of some are open.
    if (tokens.ok()) {
      EXPECT_EQ(tokens->back().text, "/x y/") << text;
    } else {
      EXPECT_THAT(tokens.status().message(), HasSubstr("has no end")) << text;
      EXPECT_THAT(tokens.status().message(),
                  ::testing::Not(HasSubstr("regular expression")))
          << text;
    }
  }
}

TEST(JsTokensTest, ASlashAfterABraceIsRefused) {
  EXPECT_THAT(ErrorOf("\nif (a) {}\n/b/.test(c)"),
              HasSubstr("3: a \"/\" after \"}\" can mean two things"));
  EXPECT_EQ(ErrorOf("if (a) {}\n// b"), "");
  EXPECT_EQ(ErrorOf("if (a) {}\n(/b/).test(c)"), "");
}

TEST(JsTokensTest, LinesAreThoseOfTheFirstCharacter) {
  const std::vector<JsToken> tokens = Read("a\n/* b\n */ `c\n` d");
  EXPECT_EQ(tokens.front().line, 1);
  EXPECT_EQ(tokens.back().line, 4);
  EXPECT_EQ(tokens.back().text, "d");
}

TEST(JsTokensTest, WhatHasNoEnd) {
  EXPECT_EQ(ErrorOf("a\n\"b\nc\""), "2: this string has no end");
  EXPECT_EQ(ErrorOf("\"a\\"), "1: this string has no end");
  EXPECT_EQ(ErrorOf("a\n/* b"), "2: this comment has no end");
  EXPECT_EQ(ErrorOf("a = /b\n/"), "1: this regular expression has no end");
  EXPECT_EQ(ErrorOf("a\n`b\n"), "2: this bracket or template has no end");
  EXPECT_EQ(ErrorOf("a\n`b${c`"), "2: this bracket or template has no end");
  EXPECT_EQ(ErrorOf("\nf(a"), "2: this bracket or template has no end");
}

TEST(JsTokensTest, BracketsThatDoNotFit) {
  EXPECT_EQ(ErrorOf("a)"), "1: no \"(\" belongs to this \")\"");
  EXPECT_EQ(ErrorOf("(a]"), "1: no \"[\" belongs to this \"]\"");
  EXPECT_EQ(ErrorOf("`${(}`"), "1: no \"{\" belongs to this \"}\"");
}

TEST(JsTokensTest, CharactersThatModulesDoNotHave) {
  EXPECT_THAT(ErrorOf("a\\u0062"), HasSubstr("a name has an escape"));
  EXPECT_THAT(ErrorOf("a \x01"), HasSubstr("unexpected character"));
}

}  // namespace
}  // namespace tallyman::page
