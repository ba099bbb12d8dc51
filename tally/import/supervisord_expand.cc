#include "tally/import/supervisord_expand.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "tally/import/shell_words.h"

namespace tallyman::tally {
namespace {

// "02" of %(process_num)02d.
struct Format {
  std::string width;
  bool is_number = false;
};

bool IsVariableName(std::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

std::string Padded(int64_t number, std::string_view width) {
  std::string text = absl::StrCat(number);
  const bool has_zeros = width.starts_with('0');
  size_t size = 0;
  for (const char c : width) size = size * 10 + static_cast<size_t>(c - '0');
  if (text.size() < size) {
    text.insert(0, size - text.size(), has_zeros ? '0' : ' ');
  }
  return text;
}

// The number of an instance by its number here, which begins at 1.
std::string NumberScript(int64_t first, std::string_view width) {
  std::string script = "${TALLYMAN_INSTANCE}";
  if (first != 1) {
    script = first < 1
                 ? absl::StrCat("$((TALLYMAN_INSTANCE - ", 1 - first, "))")
                 : absl::StrCat("$((TALLYMAN_INSTANCE + ", first - 1, "))");
  }
  if (width.empty()) return script;
  return absl::StrCat("$(printf %", width, "d ", script, ")");
}

absl::StatusOr<std::string> ValueOf(std::string_view name, const Format& format,
                                    Expansions& expansions) {
  if (name == "program_name") return expansions.program;
  if (name == "group_name") return expansions.group;
  if (name == "process_num") {
    if (!expansions.is_numbered) {
      return Padded(expansions.first_number, format.width);
    }
    return Expansion(NumberScript(expansions.first_number, format.width));
  }
  if (name == "host_node_name") return Expansion("$(uname -n)");
  if (name == "here") {
    if (!expansions.here.empty()) return expansions.here;
    return absl::InvalidArgumentError(
        "%(here)s is not known; give the file by its absolute path");
  }
  std::string_view variable = name;
  if (absl::ConsumePrefix(&variable, "ENV_") && IsVariableName(variable)) {
    const auto found = expansions.variables->find(std::string(variable));
    if (found != expansions.variables->end()) return found->second;
    expansions.missing = std::string(variable);
    return Expansion(absl::StrCat("${", variable, "}"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no expansion ", base::Quote(name)));
}

}  // namespace

absl::StatusOr<std::string> Expand(std::string_view text,
                                   Expansions& expansions) {
  std::string out;
  while (true) {
    const size_t percent = text.find('%');
    absl::StrAppend(&out, text.substr(0, percent));
    if (percent == std::string_view::npos) return out;
    text.remove_prefix(percent + 1);
    if (absl::ConsumePrefix(&text, "%")) {
      out.push_back('%');
      continue;
    }
    const size_t end = text.find(')');
    if (!text.starts_with('(') || end == std::string_view::npos) {
      return absl::InvalidArgumentError(
          "a % has no meaning there; write %% for the character");
    }
    const std::string_view name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    Format format;
    // Wider ones have no use.
    while (!text.empty() && absl::ascii_isdigit(text[0]) &&
           format.width.size() < 2) {
      format.width.push_back(text[0]);
      text.remove_prefix(1);
    }
    if (!absl::ConsumePrefix(&text, "s") && !absl::ConsumePrefix(&text, "d")) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the expansion ", base::Quote(name), " does not end with s or d"));
    }
    absl::StatusOr<std::string> value = ValueOf(name, format, expansions);
    if (!value.ok()) return value.status();
    out += *value;
  }
}

}  // namespace tallyman::tally
