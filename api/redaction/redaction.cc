#include "api/redaction/redaction.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "re2/re2.h"

namespace tallyman::api {
namespace {

constexpr std::string_view kHidden = "***";

// A value inside a longer text. It ends at an unquoted space, or at the & that
// ends a parameter of a URL. If in doubt, it is too long rather than too short.
constexpr std::string_view kValue =
    R"re((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s&])+)re";

// A token of this server (auth/token.h).
const RE2& OwnToken() {
  static const RE2& pattern = *new RE2("tly_[A-Za-z0-9_-]{8,}");
  return pattern;
}

}  // namespace

std::vector<std::string> DefaultSecretNames() {
  return {"pass(?:word|wd|phrase)", R"((?:\b|_)(?:pass|pwd|auth))",
          R"(secret[-\w.]*)",       "token",
          "api[-_.]?key",           "access[-_.]?key",
          "private[-_.]?key",       "credentials?",
          "authorization"};
}

struct Redactor::Patterns {
  Patterns(const std::string& names, const RE2::Options& options)
      : name(absl::StrCat("(?i)(?:", names, ")$"), options),
        candidate(absl::StrCat(R"((?i)://\S*@|\b(?:bearer|basic)\s|tly_|)",
                               R"((?:^|[^\w.-])[\w.-]*(?:)", names,
                               R"()["']?(?:\s*[=:]|\s|\x00))"),
                  options),
        assignment(absl::StrCat(R"((?i)((?:^|[^\w.-])[\w.-]*(?:)", names,
                                R"()["']?\s*[=:]\s*))", kValue),
                   options),
        option(absl::StrCat(R"((?i)((?:^|[^\w.-])--?[\w.-]*(?:)", names,
                            R"()\s+)-?(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s-]))",
                            R"((?:"(?:[^"\\]|\\.)*"|'[^']*'|\S)*)"),
               options),
        bearer(R"((?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{6,})", options),
        url_password(R"((://[^/\s:@]*:)\S+@)", options) {}

  bool ok() const {
    return name.ok() && candidate.ok() && assignment.ok() && option.ok() &&
           bearer.ok() && url_password.ok();
  }

  const RE2 name;       // A whole name.
  const RE2 candidate;  // Matches every text that has a secret.
  const RE2 assignment;
  const RE2 option;
  const RE2 bearer;
  const RE2 url_password;
};

Redactor::Redactor(std::unique_ptr<Patterns> patterns)
    : patterns_(std::move(patterns)) {}

Redactor::~Redactor() = default;

absl::StatusOr<std::unique_ptr<Redactor>> Redactor::Create(
    const std::vector<std::string>& secret_names) {
  RE2::Options options;
  options.set_log_errors(false);
  // Command lines may hold any bytes.
  options.set_encoding(RE2::Options::EncodingLatin1);
  for (const std::string& name : secret_names) {
    const RE2 pattern(name, options);
    if (!pattern.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("secret name \"", name, "\": ", pattern.error()));
    }
    if (pattern.NumberOfCapturingGroups() > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("secret name \"", name,
                       "\": write (?:...) for (...): capturing groups are not "
                       "allowed"));
    }
  }
  if (secret_names.empty()) return Disabled();
  auto patterns = std::make_unique<Patterns>(
      absl::StrCat("(?:", absl::StrJoin(secret_names, ")|(?:"), ")"), options);
  // A valid expression may be invalid inside another one, such as \Qtext.
  if (!patterns->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the secret names do not go together, or are too long: \"",
                     absl::StrJoin(secret_names, "\", \""), "\""));
  }
  return std::unique_ptr<Redactor>(new Redactor(std::move(patterns)));
}

std::unique_ptr<Redactor> Redactor::Disabled() {
  return std::unique_ptr<Redactor>(new Redactor(nullptr));
}

bool Redactor::IsSecretName(std::string_view name) const {
  return patterns_ != nullptr && RE2::PartialMatch(name, patterns_->name);
}

std::string Redactor::CommandLine(std::string_view arguments) const {
  std::string line;
  if (patterns_ == nullptr ||
      !RE2::PartialMatch(arguments, patterns_->candidate)) {
    line = arguments;
    std::replace(line.begin(), line.end(), '\0', ' ');
    return line;
  }
  bool hide_next = false;
  while (true) {
    const size_t end = std::min(arguments.find('\0'), arguments.size());
    const std::string_view argument = arguments.substr(0, end);
    // A value may begin with one dash; two begin an option.
    if (hide_next && !argument.starts_with("--") && !argument.empty()) {
      line.append(kHidden);
      hide_next = false;
    } else {
      AppendArgument(argument, line);
      hide_next = argument.starts_with('-') &&
                  argument.find_first_of("=: \t\n") == std::string_view::npos &&
                  IsSecretName(argument);
    }
    if (end == arguments.size()) return line;
    line.push_back(' ');
    arguments.remove_prefix(end + 1);
  }
}

void Redactor::AppendArgument(std::string_view argument,
                              std::string& line) const {
  // NAME=value as a whole argument: the value extends to the end of the
  // argument.
  const size_t separator = argument.find_first_of("=:");
  if (separator != std::string_view::npos) {
    const std::string_view name = argument.substr(0, separator);
    if (name.find_first_of(" \t\n\"'/") == std::string_view::npos &&
        IsSecretName(name)) {
      // A token may be part of the name.
      std::string prefix(argument.substr(0, separator + 1));
      RE2::GlobalReplace(&prefix, OwnToken(), kHidden);
      absl::StrAppend(&line, prefix, kHidden);
      return;
    }
  }
  std::string text(argument);
  HideInside(text);
  line.append(text);
}

void Redactor::HideInside(std::string& text) const {
  RE2::GlobalReplace(&text, patterns_->bearer, "\\1 ***");
  RE2::GlobalReplace(&text, patterns_->assignment, "\\1***");
  RE2::GlobalReplace(&text, patterns_->option, "\\1***");
  RE2::GlobalReplace(&text, patterns_->url_password, "\\1***@");
  RE2::GlobalReplace(&text, OwnToken(), kHidden);
}

std::string Redactor::Text(std::string_view text) const {
  std::string hidden(text);
  if (patterns_ == nullptr) {
    RE2::GlobalReplace(&hidden, OwnToken(), kHidden);
  } else if (RE2::PartialMatch(text, patterns_->candidate)) {
    HideInside(hidden);
  }
  return hidden;
}

}  // namespace tallyman::api
