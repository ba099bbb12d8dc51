#include "stacks/model/definition.h"

#include <csignal>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

StackDefinition ValidStack() {
  StackDefinition stack = {.name = "shop", .environment = "production"};
  stack.processes.push_back({.name = "web", .command = "bin/web"});
  stack.processes.push_back({.name = "worker", .command = "bin/work"});
  return stack;
}

// Expects InvalidArgument with `message` after `change`.
void ExpectInvalid(const std::function<void(StackDefinition&)>& change,
                   std::string_view message) {
  StackDefinition stack = ValidStack();
  change(stack);
  const absl::Status status = Validate(stack);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

// Expects InvalidArgument after a change of the second process.
void ExpectInvalidProcess(const std::function<void(ProcessDefinition&)>& change,
                          std::string_view message) {
  ExpectInvalid([&](StackDefinition& stack) { change(stack.processes[1]); },
                absl::StrCat("process \"worker\": ", message));
}

TEST(Md5HexTest, ExamplesOfRfc1321) {
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Md5Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(LaunchHashTest, ChangesWithFieldsThatNeedARestart) {
  const ProcessDefinition original = {.name = "web", .command = "run"};
  const std::vector<std::function<void(ProcessDefinition&)>> changes = {
      [](ProcessDefinition& p) { p.command = "run "; },
      [](ProcessDefinition& p) { p.directory = "/srv"; },
      [](ProcessDefinition& p) {
        p.env = {{"A", "1"}};
      },
      [](ProcessDefinition& p) {
        p.env = {{"A", "12"}};
      },
      [](ProcessDefinition& p) {
        p.env = {{"A1", "2"}};
      },
      [](ProcessDefinition& p) {
        p.env = {{"A", "1"}, {"B", ""}};
      },
      [](ProcessDefinition& p) { p.user = "A"; },
      [](ProcessDefinition& p) { p.cpu = 1; },
      [](ProcessDefinition& p) { p.memory = 1; },
      [](ProcessDefinition& p) { p.nofile = 1; },
      [](ProcessDefinition& p) { p.nofile = 16; },
  };
  std::set<std::string> hashes = {original.LaunchHash()};
  for (const auto& change : changes) {
    ProcessDefinition changed = original;
    change(changed);
    EXPECT_THAT(changed.LaunchHash(), MatchesRegex("[0-9a-f]{32}"));
    hashes.insert(changed.LaunchHash());
  }
  EXPECT_EQ(hashes.size(), changes.size() + 1);
}

TEST(LaunchHashTest, IsTheSameForOtherFields) {
  const ProcessDefinition original = {.name = "web", .command = "run"};
  ProcessDefinition changed = original;
  changed.name = "other";
  changed.stop_sequence = *StopSequence::Parse("int,1,kill");
  changed.max_instances = 3;
  changed.instances = 2;
  changed.directory = "/";  // The same as "".
  EXPECT_EQ(changed.LaunchHash(), original.LaunchHash());
}

TEST(StackDefinitionTest, FindsProcessesByName) {
  const StackDefinition stack = ValidStack();
  EXPECT_EQ(stack.Find("worker"), &stack.processes[1]);
  EXPECT_EQ(stack.Find("Worker"), nullptr);
  EXPECT_EQ(stack.Find(""), nullptr);
}

TEST(IsProcessNameTest, AcceptsAndRefusesNames) {
  for (const std::string_view name :
       {"web", "W", "7", "a.b-c_d", "...", ".hidden", "-"}) {
    EXPECT_TRUE(IsProcessName(name)) << name;
  }
  EXPECT_TRUE(IsProcessName(std::string(64, 'a')));
  EXPECT_FALSE(IsProcessName(std::string(65, 'a')));
  for (const std::string_view name :
       {std::string_view(""), std::string_view("."), std::string_view(".."),
        std::string_view("a b"), std::string_view("a/b"), std::string_view("ü"),
        std::string_view("a\n"), std::string_view("a\0", 2)}) {
    EXPECT_FALSE(IsProcessName(name)) << absl::CHexEscape(name);
  }
}

TEST(ValidateTest, AcceptsValidStacks) {
  EXPECT_TRUE(Validate(ValidStack()).ok());
  StackDefinition stack = ValidStack();
  stack.name = "Läden";
  stack.environment = "";
  ProcessDefinition& process = stack.processes[0];
  process.command = "cd app\nexec ./run 'ü'";
  process.directory = "/srv/shop";
  process.env = {{"PATH", "/bin"}, {"_x1", ""}, {"LINES", "a\nb"}};
  process.user = "www-data";
  process.stop_sequence = *StopSequence::Parse("kill");
  process.max_instances = 1;
  process.instances = 1;
  process.cpu = 1;
  process.memory = INT64_MAX;
  process.nofile = kMinOpenFiles;
  stack.processes[1].nofile = kMaxOpenFiles;
  stack.processes[1].command = std::string(kMaxCommandBytes, 'x');
  stack.processes[1].user = "EXAMPLE\\shop$";
  stack.processes[1].env = {{"A", std::string(kMaxEnvironmentBytes - 3, 'x')}};
  const absl::Status status = Validate(stack);
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ValidateTest, StacksHaveANameAndAnEnvironment) {
  ExpectInvalid([](auto& stack) { stack.name = ""; }, "name is empty");
  ExpectInvalid([](auto& stack) { stack.name = "a\nb"; },
                "name has a control character at byte 1");
  ExpectInvalid([](auto& stack) { stack.name = "\xff"; },
                "name is not UTF-8 at byte 0");
  ExpectInvalid([](auto& stack) { stack.name = std::string(65, 'a'); },
                "name has 65 bytes; at most 64");
  ExpectInvalid([](auto& stack) { stack.environment = "a\x7f"; },
                "environment has a control character at byte 1");
  ExpectInvalid([](auto& stack) { stack.environment = std::string(65, 'a'); },
                "environment has 65 bytes");
}

TEST(ValidateTest, StacksHaveALimitedNumberOfProcesses) {
  ExpectInvalid([](auto& stack) { stack.processes.clear(); },
                "processes is empty");
  StackDefinition stack;
  stack.name = "many";
  for (size_t i = 0; i < kMaxProcesses; ++i) {
    stack.processes.push_back({.name = absl::StrCat("p", i), .command = "x"});
  }
  EXPECT_TRUE(Validate(stack).ok());
  stack.processes.push_back({.name = "p", .command = "x"});
  EXPECT_THAT(std::string(Validate(stack).message()),
              HasSubstr("processes has 101 items; at most 100"));
}

TEST(ValidateTest, ProcessNamesAreUnique) {
  ExpectInvalid([](auto& stack) { stack.processes[1].name = "a b"; },
                "process 2: name \"a b\" has to be 1 to 64 letters");
  ExpectInvalid([](auto& stack) { stack.processes[0].name = ".."; },
                "process 1: name \"..\" has to be");
  ExpectInvalid([](auto& stack) { stack.processes[1].name = "web"; },
                "process \"web\": name is taken twice, by processes 1 and 2");
}

TEST(ValidateTest, Commands) {
  ExpectInvalidProcess([](auto& p) { p.command = ""; }, "command is empty");
  ExpectInvalidProcess([](auto& p) { p.command = " \n"; }, "command is empty");
  ExpectInvalidProcess([](auto& p) { p.command = std::string("a\0b", 3); },
                       "command has a NUL at byte 1");
  ExpectInvalidProcess([](auto& p) { p.command = "a\xff"; },
                       "command is not UTF-8 at byte 1");
  ExpectInvalidProcess(
      [](auto& p) { p.command = std::string(kMaxCommandBytes + 1, 'x'); },
      "command has 32769 bytes; at most 32768");
}

TEST(ValidateTest, Directories) {
  ExpectInvalidProcess([](auto& p) { p.directory = "srv"; },
                       "directory \"srv\" is not absolute");
  ExpectInvalidProcess([](auto& p) { p.directory = std::string("/\0", 2); },
                       "directory has a NUL at byte 1");
  ExpectInvalidProcess([](auto& p) { p.directory = std::string(4096, '/'); },
                       "directory has 4096 bytes");
}

TEST(ValidateTest, Variables) {
  const std::vector<std::string> names = {"",  "1A",  "A-B", "A=B",
                                          "Ä", "A.B", "A "};
  for (const std::string& name : names) {
    ExpectInvalidProcess(
        [&](auto& p) {
          p.env = {{name, "x"}};
        },
        absl::StrCat("env \"", name, "\" is not the name"));
  }
  ExpectInvalidProcess(
      [](auto& p) {
        p.env = {{"TALLYMAN_STACK", "x"}};
      },
      "env \"TALLYMAN_STACK\" begins with TALLYMAN_");
  ExpectInvalidProcess(
      [](auto& p) {
        p.env = {{"A", std::string("x\0", 2)}};
      },
      "env \"A\" has a NUL at byte 1");
  ExpectInvalidProcess(
      [](auto& p) {
        p.env = {{"A", "\xff"}};
      },
      "env \"A\" is not UTF-8 at byte 0");
  ExpectInvalidProcess(
      [](auto& p) {
        p.env = {{"A", std::string(kMaxEnvironmentBytes / 2, 'x')},
                 {"B", std::string(kMaxEnvironmentBytes / 2, 'x')}};
      },
      "env has 65542 bytes in all; at most 65536");
}

TEST(ValidateTest, Users) {
  for (const std::string_view user :
       {"-root", "a b", "a:b", "a/b", "ü", "a\n"}) {
    ExpectInvalidProcess([&](auto& p) { p.user = std::string(user); },
                         "user \"");
  }
  ExpectInvalidProcess([](auto& p) { p.user = std::string(257, 'a'); },
                       "user \"aaaa");
}

TEST(ValidateTest, Numbers) {
  ExpectInvalidProcess([](auto& p) { p.max_instances = 0; },
                       "max_instances is 0; it has to be from 1 to 1000");
  ExpectInvalidProcess([](auto& p) { p.max_instances = 1001; },
                       "max_instances is 1001");
  ExpectInvalidProcess([](auto& p) { p.instances = -1; }, "instances is -1");
  ExpectInvalidProcess(
      [](auto& p) {
        p.max_instances = 2;
        p.instances = 3;
      },
      "instances is 3; it has to be from 0 to 2");
  ExpectInvalidProcess([](auto& p) { p.cpu = 0; },
                       "cpu is 0; it has to be at least 1");
  ExpectInvalidProcess([](auto& p) { p.memory = -1; }, "memory is -1");
  ExpectInvalidProcess([](auto& p) { p.nofile = 15; },
                       "nofile is 15; it has to be from 16 to 1048576");
  ExpectInvalidProcess([](auto& p) { p.nofile = kMaxOpenFiles + 1; },
                       "nofile is 1048577");
}

TEST(ValidateTest, StopSequences) {
  ExpectInvalidProcess([](auto& p) { p.stop_sequence.steps.clear(); },
                       "stop_sequence doesn't end with kill");
  ExpectInvalidProcess([](auto& p) { p.stop_sequence.steps.pop_back(); },
                       "stop_sequence doesn't end with kill");
  ExpectInvalidProcess(
      [](auto& p) { p.stop_sequence.steps[0].wait = absl::Hours(2); },
      "stop_sequence waits too long");
  ExpectInvalidProcess(
      [](auto& p) {
        p.stop_sequence.steps.assign(kMaxStopSteps + 1, {.signal = SIGKILL});
      },
      "stop_sequence has 17 signals");
}

}  // namespace
}  // namespace tallyman::stacks
