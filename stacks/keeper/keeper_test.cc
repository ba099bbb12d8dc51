#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/loop.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/socket.h"
#include "stacks/keeper/starter.h"
#include "stacks/keeper/testing/keeper_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Runs until it is killed.
constexpr char kForever[] = "exec sleep 1000000";

// The waitpid(2) status of a child that exits with `code`.
constexpr int32_t ExitCode(int code) { return code << 8; }

TEST_F(KeeperTest, ReportsExitStatuses) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_THAT(client->children(), IsEmpty());
  ASSERT_TRUE(Run(*client, "zero", "exit 0"));
  EXPECT_EQ(NextExit(*client, "zero"), 0);
  ASSERT_TRUE(Run(*client, "three", "exit 3"));
  EXPECT_EQ(NextExit(*client, "three"), ExitCode(3));
  ASSERT_TRUE(Run(*client, "all", "exit 255"));
  EXPECT_EQ(NextExit(*client, "all"), ExitCode(255));
  ASSERT_TRUE(Run(*client, "killed", "kill -KILL $$"));
  EXPECT_EQ(NextExit(*client, "killed"), SIGKILL);
  ASSERT_TRUE(Run(*client, "segv", "kill -SEGV $$"));
  // The status has another bit if there is a core file.
  EXPECT_EQ(WTERMSIG(NextExit(*client, "segv")), SIGSEGV);
}

TEST_F(KeeperTest, ChildRunsItsProgramBelowTheKeeper) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  // cat ends at once, because standard input is empty.
  const std::optional<Launched> child =
      Run(*client, "a", "cat; echo $$; exec sleep 1000000");
  ASSERT_TRUE(child);
  const int32_t pid = child->process.identity().pid;
  EXPECT_EQ(ReadLine(child->output.get()), absl::StrCat(pid));
  EXPECT_EQ(ParentOf(pid), client->keeper_pid());
  EXPECT_NE(ParentOf(client->keeper_pid()), 0);
}

TEST_F(KeeperTest, ChildHasNoSignalIgnored) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const std::optional<Launched> child = Run(*client, "a", kForever);
  ASSERT_TRUE(child);
  ASSERT_TRUE(Await(child->gate.fd(), POLLIN));
  ASSERT_TRUE(child->process.Signal(SIGTERM).ok());
  EXPECT_EQ(NextExit(*client, "a"), SIGTERM);
}

TEST_F(KeeperTest, ReportsTheExitOfAChildThatWasNeverReleased) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  {
    const std::optional<Launched> child =
        Launch(*client, "held", Script("exit 0"));
    ASSERT_TRUE(child);
  }
  EXPECT_EQ(NextExit(*client, "held"),
            ExitCode(platform::kNeverReleasedExitCode));
}

TEST_F(KeeperTest, KeepsChildrenAndExitsUntilTheyAreForgotten) {
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const int32_t keeper_pid = client->keeper_pid();
  const std::optional<Launched> lives = Run(*client, "lives", kForever);
  std::optional<Launched> ends = Launch(*client, "ends", Script("exit 3"));
  ASSERT_TRUE(lives && ends);
  client.reset();
  // The child ends while no server is connected.
  ASSERT_TRUE(ends->gate.Release().ok());
  ASSERT_TRUE(Await(ends->process.fd(), POLLIN));

  client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->keeper_pid(), keeper_pid);
  ASSERT_THAT(client->children(), SizeIs(2));
  // The keeper may have reaped the child just after the connection.
  if (!client->children()[0].wait_status) {
    EXPECT_EQ(NextExit(*client, "ends"), ExitCode(3));
  }
  for (int round = 0; round < 2; ++round) {
    client = Connect();
    ASSERT_NE(client, nullptr);
    ASSERT_THAT(client->children(), SizeIs(2));
    const platform::ProcessIdentity& first = ends->process.identity();
    const platform::ProcessIdentity& second = lives->process.identity();
    EXPECT_EQ(client->children()[0],
              (keeper::Child{.launch = "ends",
                             .pid = first.pid,
                             .start_ticks = first.start_ticks,
                             .wait_status = ExitCode(3)}));
    EXPECT_EQ(client->children()[1],
              (keeper::Child{.launch = "lives",
                             .pid = second.pid,
                             .start_ticks = second.start_ticks,
                             .wait_status = {}}));
  }
  ASSERT_TRUE(client->Forget("ends").ok());
  ASSERT_TRUE(client->Forget("unknown").ok());
  // A child that lives isn't forgotten. The next answer shows that the keeper
  // has read all of this.
  ASSERT_TRUE(client->Forget("lives").ok());
  ASSERT_TRUE(Launch(*client, "z", Script("")));

  client = Connect();
  ASSERT_NE(client, nullptr);
  ASSERT_THAT(client->children(), SizeIs(2));
  EXPECT_EQ(client->children()[0].launch, "lives");
  EXPECT_EQ(client->children()[1].launch, "z");
}

TEST_F(KeeperTest, ReportsASpawnThatFails) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const std::optional<Launched> child = Launch(*client, "a", Script(""));
  ASSERT_TRUE(child);
  for (const auto& [launch, reason] :
       {std::pair("a", "there already"), std::pair("b", "no arguments")}) {
    const absl::Status sent =
        client->Spawn({.launch = launch, .spec = {}}, base::UniqueFd(dup(0)),
                      base::UniqueFd(dup(0)), std::nullopt);
    ASSERT_TRUE(sent.ok()) << sent;
    const keeper::Message answer = Next(*client);
    ASSERT_TRUE(std::holds_alternative<keeper::SpawnFailed>(answer));
    EXPECT_EQ(std::get<keeper::SpawnFailed>(answer).launch, launch);
    EXPECT_THAT(std::get<keeper::SpawnFailed>(answer).reason,
                HasSubstr(reason));
  }
}

TEST_F(KeeperTest, PassesALargeEnvironmentAndRefusesATooLargeOne) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  platform::LaunchSpec spec = Script("echo ${#LARGE}");
  spec.environment.push_back(absl::StrCat("LARGE=", std::string(100'000, 'x')));
  std::optional<Launched> child = Launch(*client, "large", spec);
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->gate.Release().ok());
  EXPECT_EQ(ReadLine(child->output.get()), "100000");
  EXPECT_EQ(NextExit(*client, "large"), 0);

  spec.environment.push_back(absl::StrCat("MORE=", std::string(100'000, 'x')));
  EXPECT_TRUE(absl::IsInvalidArgument(
      client->Spawn({.launch = "larger", .spec = spec}, base::UniqueFd(dup(0)),
                    base::UniqueFd(dup(0)), std::nullopt)));
  // The connection still works.
  ASSERT_TRUE(Run(*client, "after", "exit 0"));
  EXPECT_EQ(NextExit(*client, "after"), 0);
}

TEST_F(KeeperTest, ReapsOrphansAndLivesAsLongAsTheyDo) {
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const int32_t keeper_pid = client->keeper_pid();
  const std::optional<Launched> child =
      Run(*client, "parent", "sleep 1000000 & echo $!");
  ASSERT_TRUE(child);
  int32_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ReadLine(child->output.get()), &pid));
  EXPECT_EQ(NextExit(*client, "parent"), 0);
  EXPECT_EQ(ParentOf(pid), keeper_pid);
  const absl::StatusOr<platform::ProcessIdentity> identity =
      platform::IdentifyProcess(pid);
  ASSERT_TRUE(identity.ok());
  const absl::StatusOr<platform::ProcessHandle> orphan =
      platform::ProcessHandle::Open(*identity);
  ASSERT_TRUE(orphan.ok());
  ASSERT_TRUE(client->Forget("parent").ok());
  client.reset();
  // Only the orphan keeps the keeper.
  client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->keeper_pid(), keeper_pid);
  EXPECT_THAT(client->children(), IsEmpty());
  ASSERT_TRUE(orphan->Signal(SIGKILL).ok());
  client.reset();
  EXPECT_TRUE(KeeperEnds(0));
  // A zombie of the keeper would now be this process's child.
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), -1);
}

TEST_F(KeeperTest, EndsWithNothingToKeepAndRemovesItsSocket) {
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  struct stat status;
  const std::string socket = directory() + "/keeper.sock";
  ASSERT_EQ(lstat(socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  client.reset();
  EXPECT_TRUE(KeeperEnds(0));
  EXPECT_EQ(lstat(socket.c_str(), &status), -1);
  EXPECT_TRUE(absl::IsUnavailable(
      KeeperClient::Connect(directory(), absl::Seconds(1)).status()));
  Start();
  EXPECT_NE(Connect(), nullptr);
}

TEST_F(KeeperTest, ServerThatConnectsWhileAKeeperEndsGetsOne) {
  for (int round = 0; round < 20; ++round) {
    // The previous keeper may still listen, end, or have ended.
    absl::StatusOr<std::unique_ptr<KeeperClient>> client =
        absl::UnavailableError("");
    for (int attempt = 0; attempt < 3 && !client.ok(); ++attempt) {
      client = KeeperClient::Connect(directory(), absl::Seconds(30));
      if (client.ok()) break;
      ASSERT_TRUE(absl::IsUnavailable(client.status())) << client.status();
      const absl::Status started = StartKeeper(kThisProgram, directory());
      ASSERT_TRUE(started.ok() || absl::IsFailedPrecondition(started))
          << started;
      client = KeeperClient::Connect(directory(), absl::Seconds(30));
    }
    ASSERT_TRUE(client.ok()) << client.status();
    ASSERT_TRUE(Launch(**client, absl::StrCat(round), Script("")));
    EXPECT_EQ(NextExit(**client, absl::StrCat(round)),
              ExitCode(platform::kNeverReleasedExitCode));
    ASSERT_TRUE((*client)->Forget(absl::StrCat(round)).ok());
  }
}

TEST_F(KeeperTest, EndsIfNoServerConnects) {
  // A loop in a child of this process, with a short wait.
  const absl::StatusOr<base::UniqueFd> opened =
      keeper::OpenDirectory(directory());
  ASSERT_TRUE(opened.ok());
  absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened->get());
  ASSERT_TRUE(listener.ok()) << listener.status();
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    base::EventLoop events;
    KeeperLoop loop(events, *std::move(listener),
                    {.first_server_wait = absl::Milliseconds(30)});
    _exit(loop.Run().ok() ? 7 : 1);
  }
  EXPECT_TRUE(ChildEnds(pid, ExitCode(7)));
}

TEST_F(KeeperTest, SecondKeeperIsRefusedWithoutHarmToTheFirst) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const absl::Status status = StartKeeper(kThisProgram, directory());
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(directory()));
  ASSERT_TRUE(Run(*client, "a", "exit 5"));
  EXPECT_EQ(NextExit(*client, "a"), ExitCode(5));
}

TEST_F(KeeperTest, KeeperThatCannotStartReportsWhy) {
  absl::Status status = StartKeeper(kThisProgram, directory() + "/missing");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("No such file or directory"));
  status = StartKeeper(directory() + "/missing", directory());
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("No such file or directory"));
  // A program that is not a keeper.
  status = StartKeeper("/bin/true", directory());
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(KeeperTest, NewestConnectionCounts) {
  Start();
  const std::unique_ptr<KeeperClient> older = Connect();
  const std::unique_ptr<KeeperClient> newer = Connect();
  ASSERT_TRUE(older != nullptr && newer != nullptr);
  ASSERT_TRUE(Await(older->fd(), POLLIN));
  EXPECT_TRUE(absl::IsAborted(older->Receive().status()));
  EXPECT_TRUE(absl::IsAborted(older->Forget("a")));
  ASSERT_TRUE(Run(*newer, "a", "exit 5"));
  EXPECT_EQ(NextExit(*newer, "a"), ExitCode(5));
}

TEST_F(KeeperTest, DirectoryMayHaveALongPath) {
  std::string path = directory();
  for (int i = 0; i < 10; ++i) path += "/" + std::string(100, 'd');
  ASSERT_TRUE(std::filesystem::create_directories(path));
  set_directory(path);
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(Run(*client, "a", "exit 5"));
  EXPECT_EQ(NextExit(*client, "a"), ExitCode(5));
}

TEST_F(KeeperTest, KeepsNoDescriptorOrDirectoryOfItsStarter) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);  // Without O_CLOEXEC.
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  write_end.reset();
  EXPECT_EQ(ReadLine(read_end.get()), "");
  const std::string proc = absl::StrCat("/proc/", client->keeper_pid());
  EXPECT_EQ(std::filesystem::read_symlink(proc + "/cwd"), "/");
  EXPECT_EQ(std::filesystem::read_symlink(proc + "/fd/1"), "/dev/null");
}

TEST_F(KeeperTest, IgnoresSignalsThatEndOtherProcesses) {
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const int32_t keeper_pid = client->keeper_pid();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    ASSERT_EQ(kill(keeper_pid, signal), 0);
  }
  // The keeper answers, so it has received all of them.
  client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->keeper_pid(), keeper_pid);
  EXPECT_NE(getsid(keeper_pid), getsid(0));
}

}  // namespace
}  // namespace tallyman::stacks
