#include "server/page/build/html.h"

#include <algorithm>
#include <cstddef>
#include <map>
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
#include "absl/strings/str_split.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

constexpr std::string_view kComment = "<!--";
constexpr std::string_view kCommentEnd = "-->";

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_' || c == ':';
}

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<HtmlReference>> Run() {
    while (true) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) return std::move(references_);
      absl::Status read = absl::OkStatus();
      if (Rest().starts_with(kComment)) {
        const size_t end = text_.find(kCommentEnd, at_);
        if (end == std::string_view::npos) {
          return Error("this comment has no end");
        }
        at_ = end;
      } else if (Rest().starts_with("</") || Rest().starts_with("<!")) {
        ++at_;
      } else {
        read = ReadElement();
      }
      if (!read.ok()) return read;
    }
  }

 private:
  std::string_view Rest() const { return text_.substr(at_); }

  int Line() const {
    const std::string_view before = text_.substr(0, at_);
    return static_cast<int>(1 + std::count(before.begin(), before.end(), '\n'));
  }

  absl::Status Error(std::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(Line(), ": ", what));
  }

  std::string ReadName() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    return absl::AsciiStrToLower(text_.substr(begin, at_ - begin));
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  absl::Status ReadElement() {
    const size_t tag_begin = at_++;
    const std::string element = ReadName();
    if (element.empty()) return Error("a \"<\" that begins no element");
    if (element == "style") {
      return Error("the policy of the page forbids <style>; link a sheet");
    }
    std::optional<Reference> file;
    std::map<std::string, std::string> attributes;
    while (true) {
      SkipSpace();
      if (Rest().starts_with(">") || Rest().starts_with("/>")) break;
      const std::string name = ReadName();
      if (name.empty()) {
        return Error(absl::StrCat("<", element, "> is not written plainly"));
      }
      if (name == "style" || name.starts_with("on")) {
        return Error(absl::StrCat(
            "the policy of the page forbids the attribute ", name));
      }
      absl::StatusOr<Reference> value = ReadValue();
      if (!value.ok()) return value.status();
      attributes[name] = value->name;
      if (name == "src" || (name == "href" && element == "link")) {
        file = *std::move(value);
      }
    }
    HtmlRole role = HtmlRole::kOther;
    if (element == "script") {
      if (!file) {
        return Error("the policy of the page forbids a script without src");
      }
      if (attributes["type"] != "module") {
        return Error("scripts of the page are modules: type=\"module\"");
      }
      role = HtmlRole::kScript;
    } else if (attributes["rel"] == "stylesheet") {
      role = HtmlRole::kSheet;
    }
    if (file) {
      references_.push_back({.reference = *std::move(file),
                             .role = role,
                             .tag_begin = tag_begin,
                             .tag_end = text_.find('>', at_) + 1});
    }
    return absl::OkStatus();
  }

  // The value of an attribute and its place; "" if it has none.
  absl::StatusOr<Reference> ReadValue() {
    if (!Rest().starts_with("=")) return Reference();
    ++at_;
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const size_t end = text_.find(quote, at_ + 1);
    if ((quote != '"' && quote != '\'') || end == std::string_view::npos) {
      return Error("the value of an attribute needs quotation marks");
    }
    const size_t begin = at_ + 1;
    Reference value = {.begin = begin,
                       .name = std::string(text_.substr(begin, end - begin)),
                       .line = Line(),
                       .is_lazy = false};
    at_ = end + 1;
    return value;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::vector<HtmlReference> references_;
};

}  // namespace

absl::StatusOr<std::vector<HtmlReference>> FindHtmlReferences(
    std::string_view text) {
  return Reader(text).Run();
}

absl::StatusOr<std::string> MinifyHtml(std::string_view text) {
  std::string bare;
  while (true) {
    const size_t begin = text.find(kComment);
    absl::StrAppend(&bare, text.substr(0, begin));
    if (begin == std::string_view::npos) break;
    const size_t end = text.find(kCommentEnd, begin);
    if (end == std::string_view::npos) {
      return absl::InvalidArgumentError("1: a comment has no end");
    }
    text.remove_prefix(end + kCommentEnd.size());
  }
  std::string out;
  for (std::string_view line : absl::StrSplit(bare, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) absl::StrAppend(&out, line, "\n");
  }
  return out;
}

}  // namespace tallyman::page
