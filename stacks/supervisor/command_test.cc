#include "stacks/supervisor/command.h"

#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/held_child.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const InstanceName kInstance = {.stack_uid = "5999b763474b0eafa5fafb64bff0ba80",
                                .stack_name = "shop",
                                .environment = "production",
                                .process = "worker",
                                .number = 3,
                                .launch = "e63e859d5ab72b0bcf14321f0ffb013d"};

// The user database's entry, as strings; nullopt if there is none.
struct Entry {
  std::string name;
  std::string home;
  uid_t uid = 0;
  gid_t gid = 0;
};
std::optional<Entry> Copy(const passwd* found) {
  if (found == nullptr) return std::nullopt;
  return Entry{.name = found->pw_name,
               .home = found->pw_dir,
               .uid = found->pw_uid,
               .gid = found->pw_gid};
}
std::optional<Entry> EntryOf(uid_t uid) {
  std::vector<char> buffer(65536);
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return Copy(found);
}
// A user other than the test's.
std::optional<Entry> OtherUser() {
  for (const uid_t uid : {0U, 1U, 2U, 65534U}) {
    if (uid == geteuid()) continue;
    if (std::optional<Entry> entry = EntryOf(uid)) return entry;
  }
  return std::nullopt;
}

TEST(CommandArgumentsTest, PlainWordsNeedNoShell) {
  EXPECT_THAT(CommandArguments("sleep 1000"), ElementsAre("sleep", "1000"));
  EXPECT_THAT(CommandArguments("  bundle\texec  rake jobs:work "),
              ElementsAre("bundle", "exec", "rake", "jobs:work"));
  EXPECT_THAT(
      CommandArguments("./bin/web --port=80 -v a@b +x,y A=B /usr/bin/test"),
      ElementsAre("./bin/web", "--port=80", "-v", "a@b", "+x,y", "A=B",
                  "/usr/bin/test"));
  EXPECT_THAT(CommandArguments("/bin/echo"), ElementsAre("/bin/echo"));
  EXPECT_THAT(CommandArguments("env if then"),
              ElementsAre("env", "if", "then"));
}

TEST(CommandArgumentsTest, CommandsWithShellSyntaxAreLeftToTheShell) {
  std::vector<std::string> commands = {
      "",           " ",        "A=1 run",    "=ls",      "run =ls",
      "run\nmore",  "run\r",    "run ü",      "rün",      "-run",
      "+run",       "@run",     ",run",       ". ./env",  ": nothing",
      "run\\ this", "[ -e x ]", "[[ -e x ]]", "{ run; }", "! run"};
  for (const char c : std::string_view("|&;<>()$`\\\"'*?[]#~%{}!^\v\f\x01")) {
    commands.push_back(absl::StrCat("run a", std::string(1, c), "b"));
    commands.push_back(absl::StrCat("run ", std::string(1, c)));
    commands.push_back(absl::StrCat(std::string(1, c), "run"));
    commands.push_back(absl::StrCat("run", std::string(1, c), " x"));
  }
  for (const std::string& command : commands) {
    EXPECT_THAT(CommandArguments(command),
                ElementsAre("/bin/sh", "-c", command));
  }
}

TEST(CommandArgumentsTest, BuiltinsAndReservedWordsAreLeftToTheShell) {
  for (const std::string_view word :
       {"time",   "exec",  "test",    "echo",    "printf", "kill",   "true",
        "false",  "pwd",   "wait",    "read",    "ulimit", "umask",  "command",
        "type",   "alias", "cd",      "export",  "set",    "unset",  "trap",
        "exit",   "eval",  "if",      "then",    "else",   "elif",   "fi",
        "do",     "done",  "case",    "esac",    "while",  "until",  "for",
        "in",     "break", "return",  "shift",   "times",  "jobs",   "bg",
        "fg",     "fc",    "getopts", "hash",    "local",  "source", "select",
        "coproc", "let",   "declare", "continue"}) {
    const std::string command = absl::StrCat(word, " x");
    EXPECT_THAT(CommandArguments(command),
                ElementsAre("/bin/sh", "-c", command));
  }
}

TEST(CommandArgumentsTest, EveryBuiltinOfBashIsLeftToTheShell) {
  FILE* const bash = popen("bash -c 'compgen -b; compgen -k' 2>/dev/null", "r");
  ASSERT_NE(bash, nullptr);
  std::vector<char> line(256);
  int words = 0;
  while (fgets(line.data(), static_cast<int>(line.size()), bash) != nullptr) {
    std::string word = line.data();
    word.pop_back();
    ++words;
    EXPECT_THAT(CommandArguments(word), ElementsAre("/bin/sh", "-c", word));
  }
  if (pclose(bash) != 0) GTEST_SKIP() << "there is no bash here";
  EXPECT_GT(words, 50);
}

TEST(MakeLaunchSpecTest, TheEnvironmentIsComplete) {
  const absl::StatusOr<platform::LaunchSpec> spec =
      MakeLaunchSpec({.name = "worker",
                      .command = "run -v",
                      .env = {{"B", "2"}, {"A", "1 1"}}},
                     kInstance, 0);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(spec->arguments, ElementsAre("run", "-v"));
  EXPECT_THAT(
      spec->environment,
      ElementsAre(
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          StartsWith("HOME=/"), StartsWith("USER="), StartsWith("LOGNAME="),
          StartsWith("SHELL=/"), "LANG=C.UTF-8", "A=1 1", "B=2",
          "TALLYMAN_STACK=5999b763474b0eafa5fafb64bff0ba80",
          "TALLYMAN_PROCESS=worker", "TALLYMAN_INSTANCE=3",
          "TALLYMAN_LAUNCH=e63e859d5ab72b0bcf14321f0ffb013d"));
  EXPECT_EQ(spec->credentials, std::nullopt);
  EXPECT_EQ(spec->directory, "");
  EXPECT_EQ(spec->limits, platform::ResourceLimits());
}

TEST(MakeLaunchSpecTest, TheDefinitionOverridesAllButTallymanVariables) {
  const absl::StatusOr<platform::LaunchSpec> spec =
      MakeLaunchSpec({.name = "worker",
                      .command = "run",
                      .env = {{"PATH", "/opt/bin"},
                              {"HOME", ""},
                              {"TALLYMAN_STACK", "other"}}},
                     kInstance, 0);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(spec->environment, Contains("PATH=/opt/bin"));
  EXPECT_THAT(spec->environment, Contains("HOME="));
  EXPECT_THAT(spec->environment, Not(Contains("TALLYMAN_STACK=other")));
  for (const std::string_view name : {"PATH=", "HOME=", "TALLYMAN_STACK="}) {
    EXPECT_EQ(absl::c_count_if(
                  spec->environment,
                  [&](const auto& item) { return item.starts_with(name); }),
              1)
        << name;
  }
}

TEST(MakeLaunchSpecTest, HasDirectoryAndLimitsOfTheDefinition) {
  ProcessDefinition definition = {
      .name = "worker", .command = "run", .directory = "/srv"};
  EXPECT_EQ(MakeLaunchSpec(definition, kInstance, 4096)->limits,
            (platform::ResourceLimits{.open_files = 4096}));
  definition.cpu = 5;
  definition.memory = int64_t{1} << 40;
  definition.nofile = 64;
  const absl::StatusOr<platform::LaunchSpec> spec =
      MakeLaunchSpec(definition, kInstance, 4096);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->directory, "/srv");
  EXPECT_EQ(spec->limits,
            (platform::ResourceLimits{.cpu_seconds = 5,
                                      .memory_bytes = int64_t{1} << 40,
                                      .open_files = 64}));
}

TEST(MakeLaunchSpecTest, TheDefaultUserIsTheServers) {
  const std::optional<Entry> own = EntryOf(geteuid());
  const absl::StatusOr<platform::LaunchSpec> spec =
      MakeLaunchSpec({.name = "worker", .command = "run"}, kInstance, 0);
  ASSERT_TRUE(spec.ok()) << spec.status();
  if (!own.has_value()) {
    EXPECT_THAT(spec->environment, Contains(absl::StrCat("USER=", geteuid())));
    EXPECT_THAT(spec->environment, Contains("HOME=/"));
    return;
  }
  EXPECT_THAT(spec->environment, Contains(absl::StrCat("USER=", own->name)));
  EXPECT_THAT(spec->environment, Contains(absl::StrCat("LOGNAME=", own->name)));
  EXPECT_THAT(spec->environment, Contains(absl::StrCat("HOME=", own->home)));
  // The same by name: no credentials change.
  EXPECT_EQ(
      *MakeLaunchSpec({.name = "worker", .command = "run", .user = own->name},
                      kInstance, 0),
      *spec);
}

TEST(MakeLaunchSpecTest, OnlyRootMayUseOtherUsers) {
  const std::optional<Entry> other = OtherUser();
  if (!other.has_value()) GTEST_SKIP() << "there is no other user here";
  const absl::StatusOr<platform::LaunchSpec> spec = MakeLaunchSpec(
      {.name = "worker", .command = "run", .user = other->name}, kInstance, 0);
  if (geteuid() != 0) {
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(spec.status().message()), HasSubstr(other->name));
    return;
  }
  ASSERT_TRUE(spec.ok()) << spec.status();
  ASSERT_TRUE(spec->credentials.has_value());
  EXPECT_EQ(spec->credentials->uid, other->uid);
  EXPECT_EQ(spec->credentials->gid, other->gid);
  EXPECT_THAT(spec->credentials->groups, Contains(other->gid));
  EXPECT_THAT(spec->environment, Contains(absl::StrCat("USER=", other->name)));
  EXPECT_THAT(spec->environment, Contains(absl::StrCat("HOME=", other->home)));
}

TEST(MakeLaunchSpecTest, NamesAUserThatDoesNotExist) {
  const absl::Status status =
      MakeLaunchSpec(
          {.name = "worker", .command = "run", .user = "no-such-user-here"},
          kInstance, 0)
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("user \"no-such-user-here\" doesn't exist"));
}

}  // namespace
}  // namespace tallyman::stacks
