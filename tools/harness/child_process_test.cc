#include "tools/harness/child_process.h"

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "tools/harness/pidfd.h"

namespace tallyman::harness {
namespace {

ChildOptions Shell(std::string script) {
  return {.program = "/bin/sh", .arguments = {"sh", "-c", std::move(script)}};
}

std::unique_ptr<ChildProcess> Start(ChildOptions options) {
  absl::StatusOr<std::unique_ptr<ChildProcess>> child =
      ChildProcess::Start(std::move(options));
  CHECK_OK(child);
  return *std::move(child);
}

// All that the child writes to its standard output.
std::string OutputOf(ChildOptions options) {
  std::array<int, 2> ends;
  CHECK_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  options.output = write_end.get();
  const std::unique_ptr<ChildProcess> child = Start(std::move(options));
  write_end.reset();
  std::string text;
  std::array<char, 256> bytes;
  ssize_t got = 0;
  while ((got = read(read_end.get(), bytes.data(), bytes.size())) > 0) {
    text.append(bytes.data(), static_cast<size_t>(got));
  }
  return text;
}

TEST(ChildProcessTest, ReportsHowItEnded) {
  const auto exits = Start(Shell("exit 3"));
  const std::optional<int> end = exits->Wait();
  ASSERT_TRUE(end);
  EXPECT_EQ(WEXITSTATUS(*end), 3);
  EXPECT_EQ(DescribeEnd(*end), "exited with code 3");
  EXPECT_EQ(exits->End(), end);
  EXPECT_FALSE(exits->Signal(SIGTERM));

  const auto killed = Start(Shell("kill -KILL $$"));
  EXPECT_EQ(DescribeEnd(*killed->Wait()), "killed by signal 9");
}

TEST(ChildProcessTest, RunsUntilItIsSignalled) {
  const auto child = Start(Shell("exec sleep 1000"));
  EXPECT_EQ(child->End(), std::nullopt);
  EXPECT_EQ(child->Wait(absl::Milliseconds(1)), std::nullopt);
  EXPECT_TRUE(child->Signal(SIGTERM));
  EXPECT_EQ(WTERMSIG(*child->Wait()), SIGTERM);
}

TEST(ChildProcessTest, TheDestructorKillsTheChild) {
  auto child = Start(Shell("exec sleep 1000"));
  const base::UniqueFd process = OpenPidfd(child->pid());
  ASSERT_TRUE(process.valid());
  child.reset();
  EXPECT_TRUE(AwaitReadable(process, absl::ZeroDuration()));
}

TEST(ChildProcessTest, AProgramThatCannotRunIsAnError) {
  const absl::Status status =
      ChildProcess::Start({.program = "/nowhere", .arguments = {"x"}}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

TEST(ChildProcessTest, PassesArgumentsEnvironmentAndDescriptors) {
  ChildOptions options = Shell("echo $0 $A; read line || echo no input");
  options.arguments.push_back("zero");
  options.environment = {{"A=b"}};
  EXPECT_EQ(OutputOf(std::move(options)), "zero b\nno input\n");
}

TEST(ChildProcessTest, StartsInTheGroupThatIsAskedFor) {
  // The fields "pgrp" and "session" of proc_pid_stat(5).
  constexpr char kScript[] =
      "read -r p c s pp pgrp session rest </proc/$$/stat;"
      "[ $pgrp = $$ ] && echo leader; [ $session = $$ ] && echo session; :";
  EXPECT_EQ(OutputOf(Shell(kScript)), "");
  ChildOptions group = Shell(kScript);
  group.group = ChildOptions::Group::kOwn;
  EXPECT_EQ(OutputOf(std::move(group)), "leader\n");
  ChildOptions session = Shell(kScript);
  session.group = ChildOptions::Group::kOwnSession;
  EXPECT_EQ(OutputOf(std::move(session)), "leader\nsession\n");
}

// As it is when the program that started the child is killed.
TEST(ChildProcessTest, TheDeathSignalComesWhenTheStartingThreadEnds) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] {
    ChildOptions options = Shell("exec sleep 1000");
    options.death_signal = SIGKILL;
    child = Start(std::move(options));
  }).join();
  EXPECT_EQ(WTERMSIG(*child->Wait()), SIGKILL);
}

TEST(ChildProcessTest, SignalsCanBeBlockedFromTheStart) {
  const std::string kBlocked =
      "while read -r key value; do [ $key = SigBlk: ] && echo $value; done "
      "</proc/self/status; :";
  EXPECT_EQ(OutputOf(Shell(kBlocked)), "0000000000000000\n");
  ChildOptions options = Shell(kBlocked);
  options.blocks_signals = true;
  EXPECT_NE(OutputOf(std::move(options)), "0000000000000000\n");
}

}  // namespace
}  // namespace tallyman::harness
