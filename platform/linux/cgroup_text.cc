#include "platform/linux/cgroup_text.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tallyman::platform {
namespace {

// Decodes the octal escapes of a field of mountinfo ("\040" is a blank).
std::string Unescape(std::string_view field) {
  std::string text;
  text.reserve(field.size());
  const auto digit = [&](size_t i) {
    return field[i] >= '0' && field[i] <= '7';
  };
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && digit(i + 1) &&
        digit(i + 2) && digit(i + 3)) {
      text.push_back(static_cast<char>((field[i + 1] - '0') * 64 +
                                       (field[i + 2] - '0') * 8 +
                                       (field[i + 3] - '0')));
      i += 3;
    } else {
      text.push_back(field[i]);
    }
  }
  return text;
}

}  // namespace

// Fields of proc_pid_mountinfo(5): 4 is the root, 5 the mount point, and the
// type follows a single "-".
std::optional<CgroupMount> FindCgroupMount(std::string_view mountinfo) {
  for (const std::string_view line : absl::StrSplit(mountinfo, '\n')) {
    const std::vector<std::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2 || !absl::StartsWith(halves[1], "cgroup2 ")) {
      continue;
    }
    const std::vector<std::string_view> fields = absl::StrSplit(halves[0], ' ');
    if (fields.size() < 5) continue;
    return CgroupMount{.root = Unescape(fields[3]),
                       .point = Unescape(fields[4])};
  }
  return std::nullopt;
}

std::optional<std::string_view> FindCgroupPath(std::string_view cgroups) {
  for (std::string_view line : absl::StrSplit(cgroups, '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) return line;
  }
  return std::nullopt;
}

std::string_view FindProcessCgroup(std::string_view cgroups) {
  constexpr std::string_view kRoot = "/";
  std::string_view best;
  while (!cgroups.empty()) {
    const size_t end = std::min(cgroups.find('\n'), cgroups.size());
    const std::string_view line = cgroups.substr(0, end);
    cgroups.remove_prefix(std::min(end + 1, cgroups.size()));
    // hierarchy-ID:controller-list:path. A path may have colons; names of v1
    // hierarchies have none.
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers =
        line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (path.empty() || path.front() != '/') continue;
    // The line of v2 comes last.
    const bool is_preferred =
        controllers.empty() || controllers == "name=systemd";
    if (best.empty() || (path != kRoot && (is_preferred || best == kRoot))) {
      best = path;
    }
  }
  return best;
}

std::optional<std::string> CgroupDirectory(const CgroupMount& mount,
                                           std::string_view path) {
  const std::string_view root =
      mount.root == "/" ? std::string_view() : mount.root;
  if (!absl::ConsumePrefix(&path, root) ||
      (!path.empty() && path.front() != '/') ||
      absl::StrContains(path, "/..")) {
    return std::nullopt;
  }
  if (path == "/") path = {};
  return absl::StrCat(mount.point, path);
}

}  // namespace tallyman::platform
