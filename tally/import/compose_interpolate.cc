#include "tally/import/compose_interpolate.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"

namespace tallyman::tally {
namespace {

constexpr int kMaxNesting = 20;

std::string_view TakeName(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() &&
         (absl::ascii_isalpha(text[size]) || text[size] == '_' ||
          (size > 0 && absl::ascii_isdigit(text[size])))) {
    ++size;
  }
  const std::string_view name = text.substr(0, size);
  text.remove_prefix(size);
  return name;
}

// The index of the } of a ${, behind which `text` begins; npos if there is
// none.
size_t FindEnd(std::string_view text) {
  int depth = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

class Interpolator {
 public:
  Interpolator(const std::map<std::string, std::string>& variables,
               std::vector<std::string>& missing)
      : variables_(variables), missing_(missing) {}

  absl::StatusOr<std::string> Run(std::string_view text, int nesting) {
    std::string out;
    while (true) {
      const size_t dollar = text.find('$');
      absl::StrAppend(&out, text.substr(0, dollar));
      if (dollar == std::string_view::npos) return out;
      text.remove_prefix(dollar + 1);
      if (absl::ConsumePrefix(&text, "$")) {
        out.push_back('$');
        continue;
      }
      std::string_view name;
      std::string_view rule;
      if (absl::ConsumePrefix(&text, "{")) {
        const size_t end = FindEnd(text);
        if (end == std::string_view::npos) {
          return absl::InvalidArgumentError("a ${ has no }");
        }
        rule = text.substr(0, end);
        text.remove_prefix(end + 1);
        name = TakeName(rule);
      } else {
        name = TakeName(text);
      }
      if (name.empty()) {
        return absl::InvalidArgumentError(
            "a $ has no name of a variable behind it; write $$ for the "
            "character");
      }
      absl::StatusOr<std::string> value = Apply(name, rule, nesting);
      if (!value.ok()) return value.status();
      out += *value;
    }
  }

 private:
  absl::StatusOr<std::string> Apply(std::string_view name,
                                    std::string_view rule, int nesting) {
    const auto found = variables_.find(std::string(name));
    bool is_set = found != variables_.end();
    const std::string value = is_set ? found->second : "";
    if (!rule.empty()) {
      if (absl::ConsumePrefix(&rule, ":")) is_set = is_set && !value.empty();
      const char mark = rule.empty() ? '\0' : rule[0];
      if (mark != '-' && mark != '+' && mark != '?') {
        return absl::InvalidArgumentError(absl::StrCat(
            "the rule of the variable ", base::Quote(name), " is not known"));
      }
      rule.remove_prefix(1);
      if (mark == '+' ? is_set : mark == '-' && !is_set) {
        if (nesting == kMaxNesting) {
          return absl::InvalidArgumentError("the variables nest too deeply");
        }
        return Run(rule, nesting + 1);
      }
      if (mark == '+') return "";
    }
    if (!is_set) missing_.emplace_back(name);
    return value;
  }

  const std::map<std::string, std::string>& variables_;
  std::vector<std::string>& missing_;
};

}  // namespace

absl::StatusOr<std::string> Interpolate(
    std::string_view text, const std::map<std::string, std::string>& variables,
    std::vector<std::string>& missing) {
  return Interpolator(variables, missing).Run(text, 0);
}

}  // namespace tallyman::tally
