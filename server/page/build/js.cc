#include "server/page/build/js.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/page/build/js_tokens.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

absl::Status Error(const JsToken& token, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(token.line, ": ", what));
}

// Finds the references of one module.
class ReferenceFinder {
 public:
  ReferenceFinder(std::string_view text, const std::vector<JsToken>& tokens)
      : text_(text), tokens_(tokens) {}

  absl::StatusOr<std::vector<Reference>> Run() {
    bool is_after_dot = false;
    for (size_t i = SkipJsBlanks(tokens_, 0); i < tokens_.size(); i = Next(i)) {
      const JsToken& token = tokens_[i];
      absl::Status read;
      if (token.kind == JsTokenKind::kWord && !is_after_dot) {
        if (token.text == "import") read = ReadImport(i);
        if (token.text == "export") read = ReadExport(i);
      }
      if (!read.ok()) return read;
      is_after_dot = token.text == ".";
    }
    return std::move(references_);
  }

 private:
  size_t Next(size_t index) const { return SkipJsBlanks(tokens_, index + 1); }
  bool Is(size_t index, std::string_view text) const {
    return index < tokens_.size() && tokens_[index].text == text;
  }
  bool IsString(size_t index) const {
    return index < tokens_.size() &&
           tokens_[index].kind == JsTokenKind::kString;
  }

  absl::Status Add(const JsToken& token, bool is_lazy) {
    const std::string_view name = token.text.substr(1, token.text.size() - 2);
    if (name.empty() || absl::StrContains(name, '\\')) {
      return Error(token, "the name of a module is empty or has an escape");
    }
    references_.push_back(
        {.begin = static_cast<size_t>(name.data() - text_.data()),
         .name = std::string(name),
         .line = token.line,
         .is_lazy = is_lazy});
    return absl::OkStatus();
  }

  absl::Status ReadImport(size_t index) {
    const size_t next = Next(index);
    if (Is(next, ".") || Is(next, ":")) return absl::OkStatus();  // meta, a key
    if (IsString(next)) return Add(tokens_[next], /*is_lazy=*/false);
    if (Is(next, "(")) {
      const size_t name = Next(next);
      if (!IsString(name) || !Is(Next(name), ")")) {
        return Error(tokens_[index], "import() takes the name of one module");
      }
      return Add(tokens_[name], /*is_lazy=*/true);
    }
    for (size_t i = next; i < tokens_.size(); i = Next(i)) {
      if (Is(i, "from") && IsString(Next(i))) {
        return Add(tokens_[Next(i)], /*is_lazy=*/false);
      }
      const JsToken& token = tokens_[i];
      if (token.kind != JsTokenKind::kWord &&
          !absl::StrContains("{},*", token.text)) {
        break;
      }
    }
    return Error(tokens_[index], "this import names no module");
  }

  // `export * from`, `export * as name from` and `export {...} from`; other
  // exports, such as `export function`, have no "{" or "*" here.
  absl::Status ReadExport(size_t index) {
    size_t i = Next(index);
    if (!Is(i, "*") && !Is(i, "{")) return absl::OkStatus();
    const bool is_list = Is(i, "{");
    while (i < tokens_.size() && !(is_list ? Is(i, "}") : Is(i, "from"))) {
      i = Next(i);
    }
    if (is_list) i = Next(i);
    if (!Is(i, "from") || !IsString(Next(i))) {
      if (is_list) return absl::OkStatus();
      return Error(tokens_[index], "this export names no module");
    }
    return Add(tokens_[Next(i)], /*is_lazy=*/false);
  }

  const std::string_view text_;
  const std::vector<JsToken>& tokens_;
  std::vector<Reference> references_;
};

bool IsWordLike(JsTokenKind kind) {
  return kind == JsTokenKind::kWord || kind == JsTokenKind::kRegex;
}

// Whether two tokens without a space between them would be read differently.
bool NeedsSpace(const JsToken& left, const JsToken& right) {
  if (IsWordLike(left.kind) && right.kind == JsTokenKind::kWord) return true;
  // 1 .toString()
  if (left.kind == JsTokenKind::kWord && right.text == ".") return true;
  // Both can be parts of one operator: a + +b, a / /b/.
  constexpr std::string_view kOperators = "!%&*+-./:<=>?^|~";
  return left.kind == JsTokenKind::kPunctuator &&
         absl::StrContains(kOperators, left.text.back()) &&
         absl::StrContains(kOperators, right.text.front());
}

// `piece` without the spaces after its line breaks. An escaped line break is
// none.
void AppendWithoutIndentation(std::string_view piece, std::string& out) {
  bool is_indentation = false;
  char before = '\0';
  for (const char c : piece) {
    if (c == '\n' && before != '\\') {
      is_indentation = true;
    } else if (is_indentation && (c == ' ' || c == '\t')) {
      continue;
    } else {
      is_indentation = false;
    }
    out.push_back(c);
    before = c;
  }
}

}  // namespace

absl::StatusOr<std::vector<Reference>> FindJsReferences(std::string_view text) {
  absl::StatusOr<std::vector<JsToken>> tokens = ReadJsTokens(text);
  if (!tokens.ok()) return tokens.status();
  return ReferenceFinder(text, *tokens).Run();
}

absl::StatusOr<std::string> MinifyJs(std::string_view text) {
  absl::StatusOr<std::vector<JsToken>> tokens = ReadJsTokens(text);
  if (!tokens.ok()) return tokens.status();
  std::string out;
  const JsToken* last = nullptr;
  bool has_newline = false;
  bool has_space = false;
  // Of the templates around the token: whether their tag is html.
  std::vector<bool> is_html;
  for (const JsToken& token : *tokens) {
    if (IsJsBlank(token)) {
      has_newline = has_newline || absl::StrContains(token.text, '\n');
      has_space = true;
      continue;
    }
    if (last != nullptr) {
      if (has_newline) {
        out.push_back('\n');
      } else if (has_space && NeedsSpace(*last, token)) {
        out.push_back(' ');
      }
    }
    if (token.kind == JsTokenKind::kTemplate) {
      if (token.text.front() == '`') {
        is_html.push_back(last != nullptr && last->text == "html");
      }
      if (is_html.back()) {
        AppendWithoutIndentation(token.text, out);
      } else {
        out.append(token.text);
      }
      if (token.text.back() == '`') is_html.pop_back();
    } else {
      out.append(token.text);
    }
    last = &token;
    has_newline = has_space = false;
  }
  out.push_back('\n');
  return out;
}

}  // namespace tallyman::page
