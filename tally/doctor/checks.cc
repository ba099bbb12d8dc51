#include "tally/doctor/checks.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "tally/doctor/facts.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// capabilities(7).
constexpr int kCapSysPtrace = 19;

constexpr absl::Duration kClockWarning = absl::Seconds(5);
constexpr absl::Duration kClockProblem = absl::Minutes(1);
constexpr int64_t kFewDescriptors = 4096;
constexpr int64_t kManyDescriptors = 65536;
constexpr int64_t kFewTasks = 4096;
constexpr int64_t kLittleSpace = int64_t{1} << 30;
constexpr int64_t kNoSpace = int64_t{100} << 20;

// The reason if this machine is not the server's, or its process is not known.
std::optional<std::string> NoProcess(const Facts& facts) {
  if (!facts.not_local.empty()) return facts.not_local;
  if (!facts.process) return facts.no_process;
  return std::nullopt;
}

Finding Skip(std::string_view check, std::string reason) {
  return {
      .check = check, .verdict = Verdict::kSkipped, .text = std::move(reason)};
}

bool IsRoot(const ServerProcessFacts& process) {
  return process.uid && *process.uid == 0;
}

bool HasCapability(const ServerProcessFacts& process, int capability) {
  return process.capabilities &&
         ((*process.capabilities >> capability) & 1) != 0;
}

// "5.10.0-28-amd64": 5 and 10.
std::optional<std::pair<int, int>> ParseRelease(std::string_view release) {
  const std::vector<std::string_view> parts = absl::StrSplit(release, '.');
  if (parts.size() < 2) return std::nullopt;
  const std::string_view minor =
      parts[1].substr(0, parts[1].find_first_not_of("0123456789"));
  std::pair<int, int> version;
  if (!absl::SimpleAtoi(parts[0], &version.first) ||
      !absl::SimpleAtoi(minor, &version.second)) {
    return std::nullopt;
  }
  return version;
}

bool IsLoopback(std::string_view address) {
  return absl::StartsWith(address, "127.") || address == "::1";
}

std::string LimitText(int64_t limit) {
  return limit < 0 ? "unlimited" : absl::StrCat(limit);
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kProblem:
      return "problem";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "";
}

Finding CheckServer(const Facts& facts) {
  const ServerFacts& server = facts.server;
  Finding finding = {.check = "server"};
  if (!server.reached.ok()) {
    finding.verdict = Verdict::kProblem;
    finding.text = std::string(server.reached.message());
    finding.remedy =
        server.url.empty()
            ? "start the server, or name it with --url, --data-dir or `tally "
              "login`"
            : "is it running, and is this its address? `systemctl status "
              "tallyman`, `ss -ltnp`; its log says why it does not start";
    return finding;
  }
  finding.text = absl::StrCat(
      server.url, " answers",
      server.version.empty() ? "" : absl::StrCat(", version ", server.version));
  if (!server.version.empty() && server.version != server.client_version) {
    finding.verdict = Verdict::kWarning;
    absl::StrAppend(&finding.text, "; tally is ", server.client_version);
    finding.remedy = "use tally and server of the same release";
  }
  return finding;
}

Finding CheckToken(const Facts& facts) {
  if (!facts.server.reached.ok()) {
    return Skip("token", "the server does not answer");
  }
  Finding finding = {.check = "token"};
  if (facts.server.token.ok()) {
    finding.text = absl::StrCat("accepted; from ", facts.server.source);
    return finding;
  }
  finding.verdict = Verdict::kProblem;
  finding.text = std::string(facts.server.token.message());
  finding.remedy =
      "`tally login` stores a token; --new_admin_token of the server makes one";
  return finding;
}

Finding CheckClock(const Facts& facts) {
  Finding finding = {.check = "clock"};
  const bool is_local = facts.not_local.empty();
  const std::string synchronized = !is_local || !facts.is_synchronized ? ""
                                   : *facts.is_synchronized
                                       ? ", synchronized"
                                       : ", not synchronized";
  const std::string remedy =
      "run systemd-timesyncd, chrony or ntpd on both machines: `timedatectl "
      "set-ntp true`";
  if (facts.server.clock_offset) {
    const absl::Duration offset = absl::AbsDuration(*facts.server.clock_offset);
    if (offset > kClockWarning) {
      finding.verdict =
          offset > kClockProblem ? Verdict::kProblem : Verdict::kWarning;
      finding.text = absl::StrCat(
          "the server's clock is ", HumanDuration(offset),
          *facts.server.clock_offset > absl::ZeroDuration() ? " ahead of"
                                                            : " behind",
          " this machine's: tokens expire at another time", synchronized);
      finding.remedy = remedy;
      return finding;
    }
    finding.text = absl::StrCat("as this machine's", synchronized);
  } else if (!is_local || !facts.is_synchronized) {
    return Skip("clock", "no answer with a date, and no state of NTP");
  } else {
    finding.text = synchronized.substr(2);
  }
  if (is_local && facts.is_synchronized && !*facts.is_synchronized) {
    finding.verdict = Verdict::kWarning;
    finding.remedy = remedy;
  }
  return finding;
}

Finding CheckKernel(const Facts& facts) {
  if (!facts.not_local.empty()) return Skip("kernel", facts.not_local);
  const auto version = ParseRelease(facts.kernel_release);
  if (!version) return Skip("kernel", "its release is not known");
  Finding finding = {.check = "kernel", .text = facts.kernel_release};
  if (*version < std::pair(5, 3)) {
    finding.verdict = Verdict::kProblem;
    finding.remedy = "stacks need Linux 5.3 or newer (pidfd_open(2))";
  } else if (*version < std::pair(5, 14)) {
    finding.verdict = Verdict::kWarning;
    finding.remedy = "cgroups for instances need Linux 5.14 (cgroup.kill)";
  }
  return finding;
}

Finding CheckRights(const Facts& facts) {
  if (const auto reason = NoProcess(facts)) return Skip("rights", *reason);
  if (!facts.process->uid) return Skip("rights", "its user is not readable");
  Finding finding = {.check = "rights"};
  if (IsRoot(*facts.process)) {
    finding.text = "the server is root and sees all of every process";
    return finding;
  }
  if (HasCapability(*facts.process, kCapSysPtrace)) {
    finding.text =
        "the server has CAP_SYS_PTRACE and sees all of every process";
    return finding;
  }
  finding.verdict = Verdict::kWarning;
  finding.text = absl::StrCat(
      "the server has uid ", *facts.process->uid,
      ": of other users' processes io_bytes_* and details are unknown");
  finding.remedy =
      "AmbientCapabilities=CAP_SYS_PTRACE in the unit, if you want them; it "
      "lets the server read the memory of every process";
  return finding;
}

Finding CheckHidepid(const Facts& facts) {
  if (!facts.not_local.empty()) return Skip("hidepid", facts.not_local);
  if (facts.proc_options.empty()) {
    return Skip("hidepid", "the mount of /proc is not known");
  }
  Finding finding = {.check = "hidepid", .text = "/proc shows all processes"};
  for (const std::string_view option :
       absl::StrSplit(facts.proc_options, ',')) {
    if (!absl::StartsWith(option, "hidepid=") || option == "hidepid=0" ||
        option == "hidepid=off") {
      continue;
    }
    finding.text = absl::StrCat("/proc is mounted with ", option);
    if (facts.process && (IsRoot(*facts.process) ||
                          HasCapability(*facts.process, kCapSysPtrace))) {
      finding.text += ", but the server may see all";
      continue;
    }
    finding.verdict = Verdict::kWarning;
    finding.text += ": the server lists the processes of its user alone";
    finding.remedy =
        "add the server's group to the mount: `mount -o remount,gid=GROUP "
        "/proc` and /etc/fstab; or remount with hidepid=0";
  }
  return finding;
}

Finding CheckCgroups(const Facts& facts) {
  if (!facts.not_local.empty()) return Skip("cgroups", facts.not_local);
  Finding finding = {.check = "cgroups", .verdict = Verdict::kWarning};
  const CgroupFacts& cgroups = facts.cgroups;
  constexpr std::string_view kWithout =
      "; instances are found by session, group and environment instead";
  if (cgroups.mount.empty()) {
    finding.text = absl::StrCat("version 2 is not mounted", kWithout);
    finding.remedy =
        "boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2";
    return finding;
  }
  if (cgroups.is_read_only) {
    finding.text =
        absl::StrCat(cgroups.mount, " is mounted read-only", kWithout);
    finding.remedy =
        "in a container: run it with a writable cgroup namespace "
        "(--cgroupns=private)";
    return finding;
  }
  if (const auto reason = NoProcess(facts)) return Skip("cgroups", *reason);
  if (!cgroups.owner) {
    return Skip("cgroups", "the server's cgroup is not readable");
  }
  const ServerProcessFacts& process = *facts.process;
  if (!IsRoot(process) && process.uid && *cgroups.owner != *process.uid) {
    finding.text = absl::StrCat("uid ", *process.uid, " may not write ",
                                process.cgroup, kWithout);
    finding.remedy = "Delegate=yes in the unit";
    return finding;
  }
  if (!cgroups.has_kill) {
    finding.text = absl::StrCat("the kernel has no cgroup.kill", kWithout);
    finding.remedy = "Linux 5.14 or newer";
    return finding;
  }
  finding.verdict = Verdict::kOk;
  finding.text = absl::StrCat("version 2, writable at ", process.cgroup);
  return finding;
}

Finding CheckUnit(const Facts& facts) {
  if (const auto reason = NoProcess(facts)) return Skip("unit", *reason);
  const UnitFacts& unit = facts.unit;
  if (!absl::EndsWith(unit.name, ".service")) {
    return Skip("unit", "the server is no service of systemd");
  }
  if (!unit.failure.empty()) return Skip("unit", unit.failure);
  const auto property = [&](std::string_view name) {
    const auto found = unit.properties.find(std::string(name));
    return found == unit.properties.end() ? "" : found->second;
  };
  Finding finding = {.check = "unit"};
  std::vector<std::string> wrong;
  std::vector<std::string> right;
  if (const std::string mode = property("KillMode"); mode != "process") {
    finding.verdict = Verdict::kProblem;
    wrong.push_back(absl::StrCat("KillMode=", mode,
                                 " ends all instances with the service"));
    right.emplace_back("KillMode=process");
  }
  const auto warn = [&](std::string text, std::string remedy) {
    if (finding.verdict == Verdict::kOk) finding.verdict = Verdict::kWarning;
    wrong.push_back(std::move(text));
    right.push_back(std::move(remedy));
  };
  if (const std::string delegate = property("Delegate"); delegate != "yes") {
    warn(absl::StrCat("Delegate=", delegate, " leaves the cgroups to systemd"),
         "Delegate=yes");
  }
  if (const std::string policy = property("OOMPolicy");
      !policy.empty() && policy != "continue") {
    warn(absl::StrCat("OOMPolicy=", policy,
                      " acts on the service if an instance runs out of memory"),
         "OOMPolicy=continue");
  }
  if (wrong.empty()) {
    finding.text =
        absl::StrCat(unit.name, " keeps instances when it is restarted");
    return finding;
  }
  finding.text = absl::StrCat(unit.name, ": ", absl::StrJoin(wrong, "; "));
  finding.remedy = absl::StrCat("`systemctl edit ", unit.name, "`, [Service] ",
                                absl::StrJoin(right, " "), ", then restart it");
  return finding;
}

Finding CheckDescriptors(const Facts& facts) {
  if (const auto reason = NoProcess(facts)) return Skip("descriptors", *reason);
  const auto found = facts.process->limits.find("Max open files");
  if (found == facts.process->limits.end()) {
    return Skip("descriptors", "the limits of the server are not readable");
  }
  const int64_t limit = found->second.soft;
  Finding finding = {.check = "descriptors",
                     .text = absl::StrCat("limit ", LimitText(limit))};
  if (facts.process->open_files) {
    absl::StrAppend(&finding.text, ", ", *facts.process->open_files, " open");
  }
  const int64_t open_files = facts.process->open_files.value_or(0);
  if (limit >= 0 && (limit < kFewDescriptors || open_files > limit / 10 * 9)) {
    finding.verdict = Verdict::kProblem;
  } else if (limit >= 0 &&
             (limit < kManyDescriptors || open_files > limit / 10 * 8)) {
    finding.verdict = Verdict::kWarning;
  } else {
    return finding;
  }
  finding.remedy =
      "LimitNOFILE=524288 in the unit, `ulimit -Hn` of the shell; each "
      "connection, instance and listed process takes some";
  return finding;
}

Finding CheckTasks(const Facts& facts) {
  if (const auto reason = NoProcess(facts)) return Skip("tasks", *reason);
  const CgroupFacts& cgroups = facts.cgroups;
  int64_t limit = cgroups.max_tasks.value_or(-1);
  bool is_of_cgroup = limit >= 0;
  const auto found = facts.process->limits.find("Max processes");
  // RLIMIT_NPROC does not bind root (setrlimit(2)).
  if (found != facts.process->limits.end() && !IsRoot(*facts.process) &&
      found->second.soft >= 0 && (limit < 0 || found->second.soft < limit)) {
    limit = found->second.soft;
    is_of_cgroup = false;
  }
  if (!cgroups.max_tasks && found == facts.process->limits.end()) {
    return Skip("tasks", "the limits of the server are not readable");
  }
  Finding finding = {.check = "tasks",
                     .text = absl::StrCat("limit ", LimitText(limit))};
  const int64_t tasks = is_of_cgroup ? cgroups.tasks.value_or(0) : 0;
  if (tasks > 0) absl::StrAppend(&finding.text, ", ", tasks, " in use");
  if (limit < 0) return finding;
  if (tasks > limit / 10 * 9) {
    finding.verdict = Verdict::kProblem;
  } else if (limit < kFewTasks || tasks > limit / 10 * 8) {
    finding.verdict = Verdict::kWarning;
  } else {
    return finding;
  }
  finding.remedy = is_of_cgroup
                       ? "TasksMax=infinity in the unit: instances count too"
                       : "LimitNPROC=infinity in the unit, `ulimit -u` of the "
                         "shell";
  return finding;
}

Finding CheckCoreFiles(const Facts& facts) {
  if (const auto reason = NoProcess(facts)) return Skip("core files", *reason);
  const auto found = facts.process->limits.find("Max core file size");
  if (found == facts.process->limits.end()) {
    return Skip("core files", "the limits of the server are not readable");
  }
  Finding finding = {.check = "core files", .text = "none is written"};
  if (found->second.soft == 0) return finding;
  finding.verdict = Verdict::kWarning;
  finding.text =
      "a crash would write a file with the server's memory, and instances "
      "inherit that";
  finding.remedy = "LimitCORE=0:infinity in the unit, `ulimit -Sc 0`";
  return finding;
}

Finding CheckListening(const Facts& facts) {
  if (const auto reason = NoProcess(facts)) return Skip("listening", *reason);
  if (!facts.process->listening) {
    return Skip("listening",
                "its sockets are not readable; run as root or as its user");
  }
  std::vector<std::string> clear;
  bool is_reachable = false;
  for (const ListeningAddress& socket : *facts.process->listening) {
    if (IsLoopback(socket.address)) continue;
    is_reachable = true;
    if (!socket.answers_clear_text) continue;
    const bool is_ipv6 = absl::StrContains(socket.address, ':');
    clear.push_back(absl::StrCat(is_ipv6 ? "[" : "", socket.address,
                                 is_ipv6 ? "]" : "", ":", socket.port));
  }
  Finding finding = {.check = "listening",
                     .text = is_reachable ? "beyond this machine, with TLS"
                                          : "for this machine alone"};
  if (clear.empty()) return finding;
  finding.verdict = Verdict::kProblem;
  finding.text = absl::StrCat(absl::StrJoin(clear, ", "),
                              ": tokens cross the network readable");
  finding.remedy =
      "--tls_cert and --tls_key, or --listen=127.0.0.1 behind a proxy";
  return finding;
}

Finding CheckDataDirectory(const Facts& facts) {
  constexpr std::string_view kCheck = "data directory";
  if (!facts.not_local.empty()) return Skip(kCheck, facts.not_local);
  if (!facts.data_dir) return Skip(kCheck, "name it with --data-dir");
  const DirectoryFacts& dir = *facts.data_dir;
  Finding finding = {.check = kCheck, .text = dir.path};
  if (dir.error == EACCES) {
    return Skip(kCheck, absl::StrCat(dir.path,
                                     " is not readable; run as root "
                                     "or as the server's user"));
  }
  if (dir.error != 0) {
    finding.verdict = Verdict::kProblem;
    finding.text = absl::StrCat(dir.path, ": ",
                                absl::ErrnoToStatus(dir.error, "").message());
    finding.text = absl::StripTrailingAsciiWhitespace(finding.text);
    finding.remedy = "is it the --data_dir of the server?";
    return finding;
  }
  if (facts.process && facts.process->uid && dir.owner != *facts.process->uid) {
    finding.verdict = Verdict::kProblem;
    absl::StrAppend(&finding.text, " belongs to uid ", dir.owner,
                    ", the server has uid ", *facts.process->uid);
    finding.remedy =
        absl::StrCat("chown -R ", *facts.process->uid, " ", dir.path);
  } else if ((dir.mode & 0077U) != 0) {
    finding.verdict = Verdict::kProblem;
    absl::StrAppend(
        &finding.text,
        absl::StrFormat(" has mode %04o: others may enter", dir.mode & 07777U));
    finding.remedy = absl::StrCat("chmod 700 ", dir.path);
  } else {
    finding.text += " is private";
  }
  return finding;
}

Finding CheckDiskSpace(const Facts& facts) {
  constexpr std::string_view kCheck = "disk space";
  if (!facts.not_local.empty()) return Skip(kCheck, facts.not_local);
  if (!facts.data_dir || !facts.data_dir->free_bytes) {
    return Skip(kCheck, "the data directory is not known");
  }
  const DirectoryFacts& dir = *facts.data_dir;
  const int64_t free_bytes = *dir.free_bytes;
  const int64_t all_bytes = dir.all_bytes.value_or(0);
  Finding finding = {.check = kCheck,
                     .text = absl::StrCat(HumanBytes(free_bytes), " of ",
                                          HumanBytes(all_bytes), " free")};
  if (dir.is_read_only) {
    finding.verdict = Verdict::kProblem;
    finding.text = "the file system is read-only";
    finding.remedy = "`dmesg` says why; remount it for writing";
    return finding;
  }
  if (dir.free_files && *dir.free_files == 0) {
    finding.verdict = Verdict::kProblem;
    finding.text += ", but no inode";
  } else if (free_bytes < kNoSpace) {
    finding.verdict = Verdict::kProblem;
  } else if (free_bytes < std::min(kLittleSpace, all_bytes / 20 + kNoSpace)) {
    finding.verdict = Verdict::kWarning;
  } else {
    return finding;
  }
  finding.remedy = absl::StrCat(
      "make room: `du -x ", dir.path,
      "`; instances do not start while their identities cannot be written");
  return finding;
}

Finding CheckConfiguration(const Facts& facts) {
  Finding finding = {.check = "configuration"};
  if (facts.config_path.empty()) {
    return Skip("configuration", "no home directory");
  }
  if (facts.config.ok()) {
    finding.text = facts.config_path;
    return finding;
  }
  finding.verdict = Verdict::kProblem;
  finding.text = std::string(facts.config.message());
  finding.remedy = absl::IsInvalidArgument(facts.config)
                       ? "mend the file, or remove it and run `tally login`"
                       : absl::StrCat("chmod 600 ", facts.config_path);
  return finding;
}

std::vector<Finding> Examine(const Facts& facts) {
  return {CheckServer(facts),        CheckToken(facts),
          CheckClock(facts),         CheckKernel(facts),
          CheckRights(facts),        CheckHidepid(facts),
          CheckCgroups(facts),       CheckUnit(facts),
          CheckDescriptors(facts),   CheckTasks(facts),
          CheckCoreFiles(facts),     CheckListening(facts),
          CheckDataDirectory(facts), CheckDiskSpace(facts),
          CheckConfiguration(facts)};
}

}  // namespace tallyman::tally
