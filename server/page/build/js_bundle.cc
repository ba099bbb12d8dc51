#include "server/page/build/js_bundle.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/page/build/js.h"
#include "server/page/build/js_tokens.h"

namespace tallyman::page {
namespace {

// The variable of a module, and that of a default export without a name.
constexpr std::string_view kPrefix = "$m";
constexpr std::string_view kDefault = "$mdefault";

// Rewrites one module. The functions return the index of the next token to
// copy.
class Rewriter {
 public:
  Rewriter(const std::vector<JsToken>& tokens,
           const std::vector<size_t>& imported)
      : tokens_(tokens), imported_(imported) {}

  // The body of the function.
  absl::StatusOr<std::string> Run() {
    bool is_after_dot = false;
    int depth = 0;
    bool has_statement = false;
    for (size_t i = 0; i < tokens_.size();) {
      const JsToken& token = tokens_[i];
      const bool is_word = token.kind == JsTokenKind::kWord && !is_after_dot;
      if (IsJsBlank(token)) {
        out_.append(token.text);
        ++i;
        continue;
      }
      if (is_word && token.text.starts_with(kPrefix)) {
        return Error(i, "names that begin with $m are those of the build");
      }
      const std::string_view next = TextAt(Next(i));
      absl::StatusOr<size_t> rest = i + 1;
      if (is_word && token.text == "import" && next == "(") {
        return Error(i, "the page is one script, so import() has no use");
      }
      if (is_word && token.text == "import" && depth == 0 && next != ".") {
        if (has_statement) return Error(i, "imports come first");
        rest = Import(i);
      } else if (is_word && token.text == "export" && depth == 0) {
        has_statement = true;
        rest = Export(i);
      } else {
        has_statement = true;
        out_.append(token.text);
      }
      if (!rest.ok()) return rest.status();
      if (*rest == i + 1) depth += Depth(token);
      is_after_dot = token.text == ".";
      i = *rest;
    }
    if (!exports_.empty()) {
      absl::StrAppend(&out_, "\n;return{", absl::StrJoin(exports_, ","), "}");
    }
    return std::move(out_);
  }

  bool has_exports() const { return !exports_.empty(); }

 private:
  absl::Status Error(size_t index, std::string_view what) const {
    const int line =
        index < tokens_.size() ? tokens_[index].line : tokens_.back().line;
    return absl::InvalidArgumentError(absl::StrCat(line, ": ", what));
  }

  size_t Next(size_t index) const { return SkipJsBlanks(tokens_, index + 1); }
  std::string_view TextAt(size_t index) const {
    return index < tokens_.size() ? tokens_[index].text : "";
  }
  bool IsWord(size_t index) const {
    return index < tokens_.size() && tokens_[index].kind == JsTokenKind::kWord;
  }
  // The index after a ";" at `index`, if there is one.
  size_t SkipSemicolon(size_t index) const {
    const size_t at = SkipJsBlanks(tokens_, index);
    return TextAt(at) == ";" ? at + 1 : index;
  }

  // How many brackets a token opens, less those that it closes.
  static int Depth(const JsToken& token) {
    if (token.kind == JsTokenKind::kTemplate) {
      return (token.text.back() == '{' ? 1 : 0) -
             (token.text.front() == '}' ? 1 : 0);
    }
    if (token.kind != JsTokenKind::kPunctuator) return 0;
    if (absl::StrContains("([{", token.text)) return 1;
    return absl::StrContains(")]}", token.text) ? -1 : 0;
  }

  // The list `{ a, b as c }` that begins at `index`: each element as `write`
  // joins its two names. Sets `index` to the token after it.
  template <typename Write>
  absl::Status ReadList(size_t& index, std::vector<std::string>& elements,
                        const Write& write) const {
    const size_t begin = index;
    index = Next(index);
    while (TextAt(index) != "}") {
      if (!IsWord(index)) return Error(begin, "this list is not plain names");
      std::string_view first = TextAt(index);
      std::string_view second = first;
      index = Next(index);
      if (TextAt(index) == "as") {
        index = Next(index);
        if (!IsWord(index)) return Error(begin, "this list is not plain names");
        second = TextAt(index);
        index = Next(index);
      }
      elements.push_back(write(first, second));
      if (TextAt(index) == ",") index = Next(index);
    }
    index = Next(index);
    return absl::OkStatus();
  }

  // The variable of the module that the next reference means.
  std::string NextModule() {
    return absl::StrCat(kPrefix, imported_[reference_++]);
  }

  // `import a, * as b from "c";` and its other forms become constants.
  absl::StatusOr<size_t> Import(size_t index) {
    std::vector<std::string> names;
    std::string whole;
    size_t at = Next(index);
    while (at < tokens_.size() && tokens_[at].kind != JsTokenKind::kString) {
      if (TextAt(at) == "{") {
        absl::Status read =
            ReadList(at, names, [](std::string_view from, std::string_view to) {
              return from == to ? std::string(from)
                                : absl::StrCat(from, ":", to);
            });
        if (!read.ok()) return read;
      } else if (TextAt(at) == "*") {
        whole = TextAt(Next(Next(at)));
        at = Next(Next(Next(at)));
      } else if (TextAt(at) == "," ||
                 (TextAt(at) == "from" && Next(at) < tokens_.size() &&
                  tokens_[Next(at)].kind == JsTokenKind::kString)) {
        at = Next(at);
      } else {
        names.push_back(absl::StrCat("default:", TextAt(at)));
        at = Next(at);
      }
    }
    const std::string module = NextModule();
    if (!whole.empty()) {
      absl::StrAppend(&out_, "const ", whole, "=", module, ";");
    }
    if (!names.empty()) {
      absl::StrAppend(&out_, "const{", absl::StrJoin(names, ","), "}=", module,
                      ";");
    }
    return SkipSemicolon(at + 1);
  }

  absl::StatusOr<size_t> Export(size_t index) {
    const size_t at = Next(index);
    const std::string_view word = TextAt(at);
    if (word == "{") return ExportList(at);
    if (word == "default") return ExportDefault(at);
    if (word == "const") return ExportConst(at);
    if (word == "function" || word == "class" || word == "async") {
      exports_.emplace_back(NameOfDeclaration(at));
      return at;
    }
    return Error(index, absl::StrCat("export ", word,
                                     " is not for this page; export constants, "
                                     "functions, classes or a list"));
  }

  // The name in `async function* name`, `class name`; "" if it has none.
  std::string_view NameOfDeclaration(size_t at) const {
    while (TextAt(at) == "async" || TextAt(at) == "function" ||
           TextAt(at) == "class" || TextAt(at) == "*") {
      at = Next(at);
    }
    return IsWord(at) && TextAt(at) != "extends" ? TextAt(at) : "";
  }

  absl::StatusOr<size_t> ExportList(size_t at) {
    std::vector<std::string> own;
    std::vector<std::string> others;
    std::string module;
    size_t end = at;
    absl::Status read =
        ReadList(end, own, [](std::string_view from, std::string_view to) {
          return from == to ? std::string(from) : absl::StrCat(to, ":", from);
        });
    if (!read.ok()) return read;
    if (TextAt(end) != "from") {
      exports_.insert(exports_.end(), own.begin(), own.end());
      return SkipSemicolon(end);
    }
    module = NextModule();
    read = ReadList(at, others,
                    [&module](std::string_view from, std::string_view to) {
                      return absl::StrCat(to, ":", module, ".", from);
                    });
    exports_.insert(exports_.end(), others.begin(), others.end());
    return SkipSemicolon(Next(end) + 1);
  }

  absl::StatusOr<size_t> ExportDefault(size_t at) {
    at = Next(at);
    const std::string_view word = TextAt(at);
    if (word == "function" || word == "class" || word == "async") {
      const std::string_view name = NameOfDeclaration(at);
      if (!name.empty()) {
        exports_.push_back(absl::StrCat("default:", name));
        return at;
      }
    }
    exports_.push_back(absl::StrCat("default:", kDefault));
    absl::StrAppend(&out_, "const ", kDefault, "=");
    return at;
  }

  // `const name = value;` without a second name.
  absl::StatusOr<size_t> ExportConst(size_t at) {
    const size_t name = Next(at);
    int depth = 0;
    for (size_t i = name; i < tokens_.size(); ++i) {
      depth += Depth(tokens_[i]);
      if (depth == 0 && tokens_[i].text == ";") break;
      if (!IsWord(name) || (depth == 0 && tokens_[i].text == ",")) {
        return Error(at, "export one name by one export const");
      }
    }
    exports_.emplace_back(TextAt(name));
    return at;
  }

  const std::vector<JsToken>& tokens_;
  const std::vector<size_t>& imported_;
  size_t reference_ = 0;
  std::string out_;
  std::vector<std::string> exports_;
};

}  // namespace

absl::StatusOr<std::string> BundleJsModule(
    std::string_view text, size_t index, const std::vector<size_t>& imported) {
  absl::StatusOr<std::vector<JsToken>> tokens = ReadJsTokens(text);
  if (!tokens.ok()) return tokens.status();
  Rewriter rewriter(*tokens, imported);
  absl::StatusOr<std::string> body = rewriter.Run();
  if (!body.ok()) return body.status();
  absl::StatusOr<std::string> minified = MinifyJs(*body);
  if (!minified.ok()) return minified.status();
  return absl::StrCat(
      rewriter.has_exports() ? absl::StrCat("const ", kPrefix, index, "=") : "",
      "(()=>{", *minified, "})();\n");
}

}  // namespace tallyman::page
