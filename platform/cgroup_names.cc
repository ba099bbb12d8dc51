#include "platform/cgroup_names.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace tallyman::platform {
namespace {

constexpr size_t kIdDigits = 64;

// Removes the last component from `path` and returns it without its slash.
std::string_view TakeLast(std::string_view& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    const std::string_view all = path;
    path = {};
    return all;
  }
  const std::string_view last = path.substr(slash + 1);
  path = path.substr(0, slash);
  return last;
}

bool IsHexDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
         (c >= 'a' && c <= 'f');
}

// The last run of exactly 64 hex digits that no letter or digit continues.
std::string_view FindId(std::string_view component) {
  size_t end = component.size();
  while (end >= kIdDigits) {
    size_t begin = end;
    while (begin > 0 && absl::ascii_isalnum(
                            static_cast<unsigned char>(component[begin - 1]))) {
      --begin;
    }
    const std::string_view word = component.substr(begin, end - begin);
    if (word.size() == kIdDigits &&
        std::all_of(word.begin(), word.end(), IsHexDigit)) {
      return word;
    }
    if (begin == 0) break;
    end = begin - 1;
  }
  return {};
}

}  // namespace

std::string_view UnitOfCgroup(std::string_view path) {
  while (!path.empty()) {
    std::string_view component = TakeLast(path);
    for (const std::string_view suffix : kUnitTypes) {
      if (component.size() <= suffix.size() ||
          !absl::EndsWith(component, suffix)) {
        continue;
      }
      // systemd escapes a name that could be a file of the kernel.
      absl::ConsumePrefix(&component, "_");
      if (component.size() > suffix.size()) return component;
    }
  }
  return {};
}

std::string_view ContainerOfCgroup(std::string_view path) {
  std::string_view lxc;
  std::string_view below;  // The component below `component`.
  while (!path.empty()) {
    std::string_view component = TakeLast(path);
    if (absl::StrContains(component, "conmon-")) return {};
    if (const std::string_view id = FindId(component); !id.empty()) return id;
    if (lxc.empty()) {
      if (component == "lxc") {
        lxc = below;
      } else if (absl::ConsumePrefix(&component, "lxc.payload.")) {
        lxc = component;
      }
    }
    below = component;
  }
  return lxc;
}

bool HasCgroupComponent(std::string_view path, std::string_view name) {
  while (!path.empty()) {
    if (TakeLast(path) == name) return true;
  }
  return false;
}

}  // namespace tallyman::platform
