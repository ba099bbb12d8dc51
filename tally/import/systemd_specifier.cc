#include "tally/import/systemd_specifier.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "platform/base/text.h"
#include "tally/import/shell_words.h"

namespace tallyman::tally {
namespace {

// systemd-escape(1) undone: "-" is "/", "\x2d" a byte.
std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') {
      out.push_back('/');
      continue;
    }
    std::string byte;
    if (text.substr(i, 2) == "\\x" && text.size() >= i + 4 &&
        absl::CUnescape(text.substr(i, 4), &byte) && !HasMarks(byte) &&
        byte != std::string_view("\0", 1)) {
      out += byte;
      i += 3;
      continue;
    }
    out.push_back(text[i]);
  }
  return out;
}

std::string_view LastPart(std::string_view prefix) {
  const size_t dash = prefix.rfind('-');
  return dash == std::string_view::npos ? prefix : prefix.substr(dash + 1);
}

std::optional<std::string> ValueOf(char specifier, const UnitName& unit,
                                   const std::string& instance_script) {
  const std::string instance = instance_script.empty()
                                   ? unit.instance.value_or("")
                                   : Expansion(instance_script);
  switch (specifier) {
    case '%':
      return "%";
    case 'C':
      return "/var/cache";
    case 'E':
      return "/etc";
    case 'H':
      return Expansion("$(uname -n)");
    case 'I':
      return instance_script.empty() ? Unescaped(instance) : instance;
    case 'J':
      return Unescaped(LastPart(unit.prefix));
    case 'L':
      return "/var/log";
    case 'N':
      return absl::StrCat(unit.prefix, unit.instance ? "@" : "",
                          unit.instance ? instance : "");
    case 'P':
      return Unescaped(unit.prefix);
    case 'S':
      return "/var/lib";
    case 'T':
      return "/tmp";
    case 'U':
      return "0";
    case 'V':
      return "/var/tmp";
    case 'f':
      return absl::StrCat(
          "/", instance_script.empty()
                   ? Unescaped(unit.instance ? instance : unit.prefix)
                   : instance);
    case 'h':
      return "/root";
    case 'i':
      return instance;
    case 'j':
      return std::string(LastPart(unit.prefix));
    case 'l':
      return Expansion("$(uname -n | cut -d. -f1)");
    case 'n':
      return absl::StrCat(unit.prefix, unit.instance ? "@" : "",
                          unit.instance ? instance : "", ".", unit.type);
    case 'p':
      return unit.prefix;
    case 't':
      return "/run";
    case 'u':
      return "root";
    case 'v':
      return Expansion("$(uname -r)");
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string UnitName::ToString() const {
  return absl::StrCat(prefix, instance ? "@" : "", instance.value_or(""), ".",
                      type);
}

UnitName ParseUnitName(std::string_view name) {
  UnitName unit;
  const size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) unit.type = name.substr(dot + 1);
  name = name.substr(0, dot);
  const size_t at = name.find('@');
  unit.prefix = name.substr(0, at);
  if (at != std::string_view::npos) unit.instance = name.substr(at + 1);
  return unit;
}

absl::StatusOr<std::string> ExpandSpecifiers(
    std::string_view text, const UnitName& unit,
    const std::string& instance_script) {
  std::string out;
  while (true) {
    const size_t percent = text.find('%');
    absl::StrAppend(&out, text.substr(0, percent));
    if (percent == std::string_view::npos) return out;
    text.remove_prefix(percent + 1);
    const std::optional<std::string> value =
        text.empty() ? std::nullopt : ValueOf(text[0], unit, instance_script);
    if (!value) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the specifier ", base::Quote(absl::StrCat("%", text.substr(0, 1))),
          " is not known here; write its value"));
    }
    out += *value;
    text.remove_prefix(1);
  }
}

}  // namespace tallyman::tally
