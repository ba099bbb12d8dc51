#include "stacks/supervisor/command.h"

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/text.h"
#include "platform/held_child.h"
#include "platform/launch_members.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {
namespace {

constexpr std::string_view kShell = "/bin/sh";

// The PATH of login shells, with the folders of system programs.
constexpr std::string_view kPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Reserved words and builtins of POSIX sh (XCU 2.4, 2.14 and 1.6), dash(1),
// bash(1), and what ksh and busybox add. Sorted.
constexpr std::string_view kShellWords[] = {
    ".",         ":",       "alias",    "autoload",  "bg",       "bind",
    "break",     "builtin", "caller",   "case",      "cd",       "chdir",
    "command",   "compgen", "complete", "compopt",   "continue", "coproc",
    "declare",   "dirs",    "disown",   "do",        "done",     "echo",
    "elif",      "else",    "enable",   "esac",      "eval",     "exec",
    "exit",      "export",  "false",    "fc",        "fg",       "fi",
    "float",     "for",     "function", "functions", "getopts",  "hash",
    "help",      "hist",    "history",  "if",        "in",       "integer",
    "jobs",      "kill",    "let",      "local",     "logout",   "mapfile",
    "namespace", "nameref", "newgrp",   "popd",      "print",    "printf",
    "pushd",     "pwd",     "read",     "readarray", "readonly", "return",
    "select",    "set",     "shift",    "shopt",     "source",   "stop",
    "suspend",   "test",    "then",     "time",      "times",    "trap",
    "true",      "type",    "typeset",  "ulimit",    "umask",    "unalias",
    "unset",     "until",   "wait",     "whence",    "while",
};

// Bytes without a meaning to a shell anywhere in a word. A command with any
// other byte, also outside ASCII, is left to the shell.
bool IsPlain(char c) {
  return absl::ascii_isalnum(c) ||
         std::string_view("_-./:,+@").find(c) != std::string_view::npos;
}

// Whether `word`, as the first of a command, can only name a program.
bool IsProgram(std::string_view word) {
  const char first = word[0];
  return absl::c_all_of(word, IsPlain) &&
         (absl::ascii_isalnum(first) || first == '_' || first == '/' ||
          first == '.') &&
         !absl::c_linear_search(kShellWords, word);
}

bool IsArgument(std::string_view word) {
  // Some shells expand a leading "=".
  return word[0] != '=' &&
         absl::c_all_of(word, [](char c) { return IsPlain(c) || c == '='; });
}

// One entry of the user database.
struct User {
  std::string name;
  std::string home;
  std::string shell;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Calls getpwnam_r or getpwuid_r: `lookup(entry, buffer, found)` returns an
// errno. nullopt if there is no such user.
template <typename Lookup>
absl::StatusOr<std::optional<User>> FindUser(const Lookup& lookup) {
  constexpr size_t kFirstBuffer = 1024;
  constexpr size_t kLastBuffer = size_t{1} << 20;
  for (size_t size = kFirstBuffer; size <= kLastBuffer; size *= 4) {
    std::vector<char> buffer(size);
    passwd entry{};
    passwd* found = nullptr;
    const int error = lookup(entry, buffer, found);
    if (error == ERANGE || error == EINTR) continue;
    // getpwnam(3): some systems return these if there is no such user.
    if (error == ENOENT || error == ESRCH) return std::nullopt;
    if (error != 0) {
      return absl::ErrnoToStatus(error, "can't read the user database");
    }
    if (found == nullptr) return std::nullopt;
    return User{.name = found->pw_name,
                .home = found->pw_dir,
                .shell = found->pw_shell,
                .uid = found->pw_uid,
                .gid = found->pw_gid};
  }
  return absl::InternalError("the user's entry is too large");
}

absl::StatusOr<std::optional<User>> UserByName(const std::string& name) {
  return FindUser(
      [&](passwd& entry, std::vector<char>& buffer, passwd*& found) {
        return getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(),
                          &found);
      });
}

// The user that the server runs as. It may have no entry, as in containers.
absl::StatusOr<User> OwnUser() {
  const uid_t uid = geteuid();
  absl::StatusOr<std::optional<User>> user =
      FindUser([&](passwd& entry, std::vector<char>& buffer, passwd*& found) {
        return getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
      });
  if (!user.ok()) return user.status();
  if (user->has_value()) return **std::move(user);
  return User{.name = absl::StrCat(uid), .uid = uid, .gid = getegid()};
}

absl::StatusOr<std::vector<uint32_t>> GroupsOf(const User& user) {
  constexpr int kMaxGroups = 65536;  // NGROUPS_MAX
  int size = 64;
  while (size <= kMaxGroups + 1) {
    std::vector<gid_t> groups(static_cast<size_t>(size));
    int count = size;
    if (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) >= 0) {
      return std::vector<uint32_t>(groups.begin(), groups.begin() + count);
    }
    size = std::max(count, size * 2);
  }
  return absl::InternalError(
      absl::StrCat("user ", base::Quote(user.name), " is in too many groups"));
}

// The user of a program. Credentials only if they differ from the server's.
struct RunAs {
  User user;
  std::optional<platform::Credentials> credentials;
};

absl::StatusOr<RunAs> ResolveUser(const std::string& name) {
  if (name.empty()) {
    absl::StatusOr<User> own = OwnUser();
    if (!own.ok()) return own.status();
    return RunAs{.user = *std::move(own)};
  }
  absl::StatusOr<std::optional<User>> found = UserByName(name);
  if (!found.ok()) {
    return absl::Status(found.status().code(),
                        absl::StrCat("user ", base::Quote(name), ": ",
                                     found.status().message()));
  }
  if (!found->has_value()) {
    return absl::NotFoundError(absl::StrCat("user ", base::Quote(name),
                                            " doesn't exist on this server"));
  }
  RunAs run_as = {.user = **std::move(found)};
  if (run_as.user.uid == geteuid()) return run_as;
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("user ", base::Quote(name),
                     " is not the one whom this server runs as; ",
                     "only a server that runs as root may use others"));
  }
  absl::StatusOr<std::vector<uint32_t>> groups = GroupsOf(run_as.user);
  if (!groups.ok()) return groups.status();
  run_as.credentials = platform::Credentials{.uid = run_as.user.uid,
                                             .gid = run_as.user.gid,
                                             .groups = *std::move(groups)};
  return run_as;
}

// Fields of the user database may be empty.
std::string_view OrElse(std::string_view text, std::string_view otherwise) {
  return text.empty() ? otherwise : text;
}

std::vector<std::string> MakeEnvironment(const ProcessDefinition& definition,
                                         const InstanceName& instance,
                                         const User& user) {
  const std::pair<std::string_view, std::string_view> stated[] = {
      {"PATH", kPath},
      {"HOME", OrElse(user.home, "/")},
      {"USER", user.name},
      {"LOGNAME", user.name},
      {"SHELL", OrElse(user.shell, kShell)},
      {"LANG", "C.UTF-8"},
  };
  const std::string number = absl::StrCat(instance.number);
  const std::pair<std::string_view, std::string_view> own[] = {
      {"TALLYMAN_STACK", instance.stack_uid},
      {"TALLYMAN_PROCESS", instance.process},
      {"TALLYMAN_INSTANCE", number},
      {platform::kLaunchVariable, instance.launch},
  };
  std::vector<std::string> environment;
  environment.reserve(std::size(stated) + definition.env.size() +
                      std::size(own));
  // Each name once: of two entries, some programs read the first, some the
  // last.
  for (const auto& [name, value] : stated) {
    if (definition.env.contains(std::string(name))) continue;
    environment.push_back(absl::StrCat(name, "=", value));
  }
  for (const auto& [name, value] : definition.env) {
    if (name.starts_with("TALLYMAN_")) continue;
    environment.push_back(absl::StrCat(name, "=", value));
  }
  for (const auto& [name, value] : own) {
    environment.push_back(absl::StrCat(name, "=", value));
  }
  return environment;
}

}  // namespace

std::vector<std::string> CommandArguments(std::string_view command) {
  std::vector<std::string> words =
      absl::StrSplit(command, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (!words.empty() && IsProgram(words[0]) &&
      std::all_of(words.begin() + 1, words.end(), IsArgument)) {
    return words;
  }
  return {std::string(kShell), "-c", std::string(command)};
}

absl::StatusOr<platform::LaunchSpec> MakeLaunchSpec(
    const ProcessDefinition& definition, const InstanceName& instance,
    int64_t default_open_files) {
  absl::StatusOr<RunAs> run_as = ResolveUser(definition.user);
  if (!run_as.ok()) return run_as.status();
  platform::LaunchSpec spec = {
      .arguments = CommandArguments(definition.command),
      .environment = MakeEnvironment(definition, instance, run_as->user),
      .directory = definition.directory,
      .credentials = std::move(run_as->credentials),
      .limits = {.cpu_seconds = definition.cpu,
                 .memory_bytes = definition.memory,
                 .open_files = definition.nofile},
  };
  if (!spec.limits.open_files && default_open_files > 0) {
    spec.limits.open_files = default_open_files;
  }
  return spec;
}

}  // namespace tallyman::stacks
