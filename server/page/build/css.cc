#include "server/page/build/css.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

enum class Kind : uint8_t { kCharacter, kString, kUrl, kSpace, kComment };

struct Token {
  Kind kind;
  std::string_view text;
  int line;
};

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

// The size of the string at the beginning of `text`; 0 if it has no end.
size_t StringSize(std::string_view text) {
  for (size_t i = 1; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[0]) {
      return i + 1;
    }
  }
  return 0;
}

// The text of the tokens, joined, is `text`.
absl::StatusOr<std::vector<Token>> ReadTokens(std::string_view text) {
  std::vector<Token> tokens;
  int line = 1;
  while (!text.empty()) {
    Kind kind = Kind::kCharacter;
    size_t size = 1;
    if (text.starts_with("/*")) {
      kind = Kind::kComment;
      const size_t end = text.find("*/", 2);
      size = end == std::string_view::npos ? 0 : end + 2;
    } else if (text[0] == '"' || text[0] == '\'') {
      kind = Kind::kString;
      size = StringSize(text);
    } else if (absl::StartsWithIgnoreCase(text, "url(")) {
      kind = Kind::kUrl;
      const size_t end = text.find(')');
      size = end == std::string_view::npos ? 0 : end + 1;
    } else if (IsSpace(text[0])) {
      kind = Kind::kSpace;
      while (size < text.size() && IsSpace(text[size])) ++size;
    } else if (text[0] == '\\' && text.size() > 1) {
      size = 2;
    } else if (absl::StartsWithIgnoreCase(text, "@import")) {
      return absl::InvalidArgumentError(absl::StrCat(
          line, ": @import makes a browser wait; link the sheet in the page"));
    }
    if (size == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(line, ": this comment, string or url() has no end"));
    }
    tokens.push_back({kind, text.substr(0, size), line});
    line += static_cast<int>(std::count(
        text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '\n'));
    text.remove_prefix(size);
  }
  return tokens;
}

// White space means nothing after these, and before some of them. Before ":"
// it can be a combinator: a :hover.
constexpr std::string_view kNoSpaceAfter = "{};,:";
constexpr std::string_view kNoSpaceBefore = "{};,";

}  // namespace

absl::StatusOr<std::vector<Reference>> FindCssReferences(
    std::string_view text) {
  absl::StatusOr<std::vector<Token>> tokens = ReadTokens(text);
  if (!tokens.ok()) return tokens.status();
  std::vector<Reference> references;
  for (const Token& token : *tokens) {
    if (token.kind != Kind::kUrl) continue;
    std::string_view name =
        absl::StripAsciiWhitespace(token.text.substr(4, token.text.size() - 5));
    if (name.size() >= 2 && (name[0] == '"' || name[0] == '\'') &&
        name.back() == name[0]) {
      name = name.substr(1, name.size() - 2);
    }
    references.push_back(
        {.begin = static_cast<size_t>(name.data() - text.data()),
         .name = std::string(name),
         .line = token.line,
         .is_lazy = false});
  }
  return references;
}

absl::StatusOr<std::string> MinifyCss(std::string_view text) {
  absl::StatusOr<std::vector<Token>> tokens = ReadTokens(text);
  if (!tokens.ok()) return tokens.status();
  std::string out;
  bool has_space = false;
  bool has_comment = false;
  for (const Token& token : *tokens) {
    if (token.kind == Kind::kSpace || token.kind == Kind::kComment) {
      has_space = has_space || token.kind == Kind::kSpace;
      has_comment = has_comment || token.kind == Kind::kComment;
      continue;
    }
    const char next = token.text.front();
    if (!out.empty() && !absl::StrContains(kNoSpaceAfter, out.back()) &&
        !absl::StrContains(kNoSpaceBefore, next)) {
      if (has_space) {
        out.push_back(' ');
      } else if (has_comment) {
        // Keeps two words apart without being a combinator.
        out.append("/**/");
      }
    }
    if (next == '}' && !out.empty() && out.back() == ';') out.pop_back();
    out.append(token.text);
    has_space = has_comment = false;
  }
  return out;
}

}  // namespace tallyman::page
