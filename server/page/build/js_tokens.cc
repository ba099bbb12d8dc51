#include "server/page/build/js_tokens.h"

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tallyman::page {
namespace {

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '$' || c == '#' || static_cast<unsigned char>(c) >= 0x80;
}

// An expression follows these words.
constexpr std::string_view kBeforeOperand[] = {
    "await", "case", "delete", "do",    "else",   "in",   "instanceof",
    "new",   "of",   "return", "throw", "typeof", "void", "yield"};
// A ")" that belongs to one of these ends no operand.
constexpr std::string_view kHeads[] = {"for", "if", "while", "with"};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<JsToken>> Run() {
    while (at_ < text_.size()) {
      if (absl::Status read = ReadToken(); !read.ok()) return read;
    }
    if (!open_.empty()) {
      return Error(open_.back().line, "this bracket or template has no end");
    }
    return std::move(tokens_);
  }

 private:
  // What an earlier token makes of a slash.
  enum class Slash { kRegex, kDivides, kUnknown };

  struct Open {
    char bracket;  // '(', '[', '{', or '$' for "${".
    bool is_head;  // Of an if, for, while or with.
    int line;
  };

  static absl::Status Error(int line, std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(line, ": ", what));
  }

  char At(size_t index) const {
    return index < text_.size() ? text_[index] : '\0';
  }

  // The token from `at_` to `end`.
  void Add(JsTokenKind kind, size_t end) {
    const std::string_view token = text_.substr(at_, end - at_);
    tokens_.push_back({kind, token, line_});
    line_ += static_cast<int>(std::count(token.begin(), token.end(), '\n'));
    at_ = end;
    if (kind < JsTokenKind::kComment) {
      is_after_dot_ = token == ".";
    }
  }

  absl::Status ReadToken() {
    const char c = text_[at_];
    if (c == '\n') {
      Add(JsTokenKind::kNewline, at_ + 1);
      return absl::OkStatus();
    }
    if (c == ' ' || c == '\t' || c == '\r') {
      size_t end = at_;
      while (At(end) == ' ' || At(end) == '\t' || At(end) == '\r') ++end;
      Add(JsTokenKind::kSpace, end);
      return absl::OkStatus();
    }
    if (c == '/' && (At(at_ + 1) == '/' || At(at_ + 1) == '*')) {
      return ReadComment();
    }
    if (c == '"' || c == '\'') return ReadString();
    if (c == '`') {
      open_.push_back({'`', false, line_});
      return ReadTemplate();
    }
    if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)))) return ReadNumber();
    if (IsWordCharacter(c)) return ReadWord();
    if (c == '/' && slash_ != Slash::kDivides) return ReadRegex();
    return ReadPunctuator();
  }

  absl::Status ReadComment() {
    const bool is_block = text_[at_ + 1] == '*';
    size_t end = text_.find(is_block ? "*/" : "\n", at_ + 2);
    if (end == std::string_view::npos) {
      if (is_block) return Error(line_, "this comment has no end");
      end = text_.size();
    } else if (is_block) {
      end += 2;
    }
    Add(JsTokenKind::kComment, end);
    return absl::OkStatus();
  }

  absl::Status ReadString() {
    const char quote = text_[at_];
    for (size_t end = at_ + 1; end < text_.size() && text_[end] != '\n';
         ++end) {
      if (text_[end] == '\\') {
        ++end;
      } else if (text_[end] == quote) {
        Add(JsTokenKind::kString, end + 1);
        slash_ = Slash::kDivides;
        return absl::OkStatus();
      }
    }
    return Error(line_, "this string has no end");
  }

  // From the ` or } at `at_`. The template is the last of `open_`.
  absl::Status ReadTemplate() {
    for (size_t end = at_ + 1; end < text_.size(); ++end) {
      if (text_[end] == '\\') {
        ++end;
      } else if (text_[end] == '`') {
        open_.pop_back();
        Add(JsTokenKind::kTemplate, end + 1);
        slash_ = Slash::kDivides;
        return absl::OkStatus();
      } else if (text_[end] == '$' && At(end + 1) == '{') {
        open_.push_back({'$', false, line_});
        Add(JsTokenKind::kTemplate, end + 2);
        slash_ = Slash::kRegex;
        return absl::OkStatus();
      }
    }
    return Error(open_.back().line, "this bracket or template has no end");
  }

  absl::Status ReadNumber() {
    const bool has_exponent = At(at_) != '0' || !IsWordCharacter(At(at_ + 1));
    size_t end = at_;
    while (IsWordCharacter(At(end)) || At(end) == '.') {
      ++end;
      if (has_exponent && (text_[end - 1] == 'e' || text_[end - 1] == 'E') &&
          (At(end) == '+' || At(end) == '-')) {
        ++end;
      }
    }
    Add(JsTokenKind::kWord, end);
    slash_ = Slash::kDivides;
    return absl::OkStatus();
  }

  absl::Status ReadWord() {
    size_t end = at_;
    while (IsWordCharacter(At(end))) ++end;
    if (At(end) == '\\') return Error(line_, "a name has an escape");
    const std::string_view word = text_.substr(at_, end - at_);
    const bool is_keyword = !is_after_dot_;
    is_after_head_word_ = is_keyword && absl::c_linear_search(kHeads, word);
    slash_ = is_keyword && absl::c_linear_search(kBeforeOperand, word)
                 ? Slash::kRegex
                 : Slash::kDivides;
    Add(JsTokenKind::kWord, end);
    return absl::OkStatus();
  }

  absl::Status ReadRegex() {
    if (slash_ == Slash::kUnknown) {
      return Error(line_,
                   "a \"/\" after \"}\" can mean two things; put what is "
                   "before or after it into parentheses");
    }
    bool is_class = false;
    for (size_t end = at_ + 1; end < text_.size() && text_[end] != '\n';
         ++end) {
      const char c = text_[end];
      if (c == '\\') {
        ++end;
      } else if (c == '[') {
        is_class = true;
      } else if (c == ']') {
        is_class = false;
      } else if (c == '/' && !is_class) {
        ++end;
        while (IsWordCharacter(At(end))) ++end;
        Add(JsTokenKind::kRegex, end);
        slash_ = Slash::kDivides;
        return absl::OkStatus();
      }
    }
    return Error(line_, "this regular expression has no end");
  }

  absl::Status ReadPunctuator() {
    const char c = text_[at_];
    if (c == '}' && !open_.empty() && open_.back().bracket == '$') {
      open_.pop_back();
      return ReadTemplate();
    }
    if ((c == '+' || c == '-') && At(at_ + 1) == c) {
      Add(JsTokenKind::kPunctuator, at_ + 2);
      slash_ = Slash::kDivides;
      return absl::OkStatus();
    }
    if (absl::StrContains("([{", c)) {
      open_.push_back({c, c == '(' && is_after_head_word_, line_});
      slash_ = Slash::kRegex;
    } else if (absl::StrContains(")]}", c)) {
      const char begin = c == ')' ? '(' : c == ']' ? '[' : '{';
      if (open_.empty() || open_.back().bracket != begin) {
        return Error(line_, absl::StrCat("no \"", std::string(1, begin),
                                         "\" belongs to this \"",
                                         std::string(1, c), "\""));
      }
      const bool is_head = open_.back().is_head;
      open_.pop_back();
      slash_ = is_head    ? Slash::kRegex
               : c == '}' ? Slash::kUnknown
                          : Slash::kDivides;
    } else if (!absl::StrContains("!%&*+,-./:;<=>?@^|~", c)) {
      return Error(line_, absl::StrCat("unexpected character \"",
                                       std::string(1, c), "\""));
    } else {
      slash_ = Slash::kRegex;
    }
    is_after_head_word_ = false;
    Add(JsTokenKind::kPunctuator, at_ + 1);
    return absl::OkStatus();
  }

  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  std::vector<JsToken> tokens_;
  std::vector<Open> open_;
  Slash slash_ = Slash::kRegex;
  bool is_after_dot_ = false;
  bool is_after_head_word_ = false;
};

}  // namespace

absl::StatusOr<std::vector<JsToken>> ReadJsTokens(std::string_view text) {
  return Reader(text).Run();
}

size_t SkipJsBlanks(const std::vector<JsToken>& tokens, size_t index) {
  while (index < tokens.size() && IsJsBlank(tokens[index])) ++index;
  return index;
}

}  // namespace tallyman::page
