#include "server/page/build/html.h"

#include <algorithm>
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
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "server/page/build/reference.h"

namespace tallyman::page {
namespace {

constexpr std::string_view kComment = "<!--";
constexpr std::string_view kCommentEnd = "-->";
constexpr std::string_view kHeadEnd = "</head>";

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

  absl::StatusOr<std::vector<Reference>> Run() {
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

  absl::Status Error(std::string_view what) const {
    const std::string_view before = text_.substr(0, at_);
    return absl::InvalidArgumentError(absl::StrCat(
        1 + std::count(before.begin(), before.end(), '\n'), ": ", what));
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
    ++at_;
    const std::string element = ReadName();
    if (element.empty()) return Error("a \"<\" that begins no element");
    if (element == "style") {
      return Error("the policy of the page forbids <style>; link a sheet");
    }
    bool has_source = false;
    while (true) {
      SkipSpace();
      if (Rest().starts_with(">")) break;
      if (Rest().starts_with("/>")) break;
      const std::string attribute = ReadName();
      if (attribute.empty()) {
        return Error(absl::StrCat("<", element, "> is not written plainly"));
      }
      if (attribute == "style" || attribute.starts_with("on")) {
        return Error(
            absl::StrCat("the policy of the page forbids the "
                         "attribute ",
                         attribute));
      }
      const bool names_file =
          attribute == "src" || (attribute == "href" && element == "link");
      has_source = has_source || attribute == "src";
      if (absl::Status read = ReadValue(names_file); !read.ok()) return read;
    }
    if (element == "script" && !has_source) {
      return Error("the policy of the page forbids a script without src");
    }
    return absl::OkStatus();
  }

  // The value of an attribute, if it has one.
  absl::Status ReadValue(bool names_file) {
    if (!Rest().starts_with("=")) return absl::OkStatus();
    ++at_;
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const size_t end = text_.find(quote, at_ + 1);
    if ((quote != '"' && quote != '\'') || end == std::string_view::npos) {
      return Error("the value of an attribute needs quotation marks");
    }
    const size_t begin = at_ + 1;
    const std::string_view value = text_.substr(begin, end - begin);
    if (names_file) {
      const std::string_view before = text_.substr(0, begin);
      references_.push_back(
          {.begin = begin,
           .name = std::string(value),
           .line = static_cast<int>(
               1 + std::count(before.begin(), before.end(), '\n')),
           .is_lazy = false});
    }
    at_ = end + 1;
    return absl::OkStatus();
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::vector<Reference> references_;
};

}  // namespace

absl::StatusOr<std::vector<Reference>> FindHtmlReferences(
    std::string_view text) {
  return Reader(text).Run();
}

absl::StatusOr<std::string> FinishHtml(std::string_view text,
                                       absl::Span<const std::string> modules) {
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
  if (!absl::StrContains(bare, kHeadEnd)) {
    return absl::InvalidArgumentError("1: the document has no </head>");
  }
  std::string out;
  for (std::string_view line : absl::StrSplit(bare, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    const size_t head_end = line.find(kHeadEnd);
    if (head_end != std::string_view::npos) {
      absl::StrAppend(&out, line.substr(0, head_end));
      for (const std::string& module : modules) {
        absl::StrAppend(&out, "<link rel=\"modulepreload\" href=\"", module,
                        "\">\n");
      }
      line.remove_prefix(head_end);
    }
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

}  // namespace tallyman::page
