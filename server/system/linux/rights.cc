#include "server/system/rights.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tallyman::server {
namespace {

// capabilities(7); the numbers are those of linux/capability.h.
struct Capability {
  std::string_view name;
  int number;
};
constexpr Capability kPtrace = {.name = "CAP_SYS_PTRACE", .number = 19};
// To become another user, and to signal its processes then.
constexpr std::array<Capability, 3> kOtherUsers = {
    {{.name = "CAP_KILL", .number = 5},
     {.name = "CAP_SETGID", .number = 6},
     {.name = "CAP_SETUID", .number = 7}}};

// The parts of self/status that decide.
struct Status {
  uint64_t capabilities = 0;
  std::vector<std::string> groups;  // The group of files, and further ones.

  bool Has(const Capability& capability) const {
    return (capabilities >> capability.number & 1) != 0;
  }
};

std::optional<Status> ReadStatus(const std::string& path) {
  std::ifstream file(path);
  Status status;
  bool has_capabilities = false;
  std::string line;
  while (std::getline(file, line)) {
    const std::pair<std::string_view, std::string_view> field =
        absl::StrSplit(std::string_view(line), absl::MaxSplits(':', 1));
    const std::vector<std::string> values =
        absl::StrSplit(field.second, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (field.first == "CapEff" && values.size() == 1) {
      has_capabilities =
          absl::SimpleHexAtoi(values.front(), &status.capabilities);
    } else if (field.first == "Gid" && values.size() == 4) {
      // Real, effective, saved, of files.
      status.groups.push_back(values.back());
    } else if (field.first == "Groups") {
      status.groups.insert(status.groups.end(), values.begin(), values.end());
    }
  }
  if (!has_capabilities) return std::nullopt;
  return status;
}

// The options of the file system that is mounted last on /proc.
std::vector<std::string> ReadProcOptions(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> options;
  std::string line;
  while (std::getline(file, line)) {
    // "23 28 0:21 / /proc rw,nosuid shared:11 - proc proc rw,hidepid=2"
    const std::pair<std::string_view, std::string_view> halves =
        absl::StrSplit(std::string_view(line), absl::MaxSplits(" - ", 1));
    const std::vector<std::string_view> mount =
        absl::StrSplit(halves.first, ' ');
    const std::vector<std::string_view> kind =
        absl::StrSplit(halves.second, ' ');
    if (mount.size() < 5 || mount[4] != "/proc" || kind.size() < 3) continue;
    options = absl::StrSplit(kind[2], ',');
  }
  return options;
}

// The option that hides processes of other users from a process without
// CAP_SYS_PTRACE; "" if none does (proc(5)). Members of the group gid=, by
// default 0, see all, except with "ptraceable".
std::string HidingOption(const std::vector<std::string>& options,
                         const Status& status) {
  std::string_view level;
  std::string_view group = "0";
  for (const std::string_view option : options) {
    std::string_view value = option;
    if (absl::ConsumePrefix(&value, "hidepid=")) {
      level = value;
    } else if (absl::ConsumePrefix(&value, "gid=")) {
      group = value;
    }
  }
  // Linux 5.8 and newer write words.
  if (level.empty() || level == "0" || level == "off") return "";
  const bool spares_group = level != "4" && level != "ptraceable";
  const bool is_member = std::find(status.groups.begin(), status.groups.end(),
                                   group) != status.groups.end();
  if (spares_group && is_member) return "";
  return absl::StrCat("hidepid=", level);
}

}  // namespace

std::vector<std::string> MissingRights(const std::string& proc_root) {
  std::vector<std::string> missing;
  const std::optional<Status> status =
      ReadStatus(absl::StrCat(proc_root, "/self/status"));
  if (!status) return missing;
  if (!status->Has(kPtrace)) {
    missing.push_back(
        absl::StrCat("io counters and details of processes of other users (",
                     kPtrace.name, ")"));
    const std::string option = HidingOption(
        ReadProcOptions(absl::StrCat(proc_root, "/self/mountinfo")), *status);
    if (!option.empty()) {
      missing.push_back(absl::StrCat(
          "processes of other users (/proc is mounted with ", option, ")"));
    }
  }
  std::vector<std::string_view> names;
  for (const Capability& capability : kOtherUsers) {
    if (!status->Has(capability)) names.push_back(capability.name);
  }
  if (!names.empty()) {
    missing.push_back(absl::StrCat("instances that run as other users (",
                                   absl::StrJoin(names, ", "), ")"));
  }
  return missing;
}

}  // namespace tallyman::server
