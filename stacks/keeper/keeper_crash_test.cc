// A keeper that is killed, gets garbage, or has a server that doesn't read.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/testing/refuse_calls.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/loop.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"
#include "stacks/keeper/socket.h"
#include "stacks/keeper/testing/keeper_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

class KeeperCrashTest : public KeeperTest {
 protected:
  // A blocking connection, for packets of any kind.
  base::UniqueFd ConnectRaw() {
    const absl::StatusOr<base::UniqueFd> opened =
        keeper::OpenDirectory(directory());
    EXPECT_TRUE(opened.ok());
    absl::StatusOr<base::UniqueFd> raw =
        keeper::Connect(opened->get(), absl::Seconds(30));
    EXPECT_TRUE(raw.ok()) << raw.status();
    return raw.ok() ? *std::move(raw) : base::UniqueFd();
  }

  // Reads until the connection ends.
  static bool IsClosedBy(int raw) {
    while (Await(raw, POLLIN)) {
      const absl::StatusOr<keeper::Packet> packet = keeper::Receive(raw);
      if (!packet.ok() || packet->bytes.empty()) return true;
    }
    return false;
  }
};

TEST_F(KeeperCrashTest, ChildrenOutliveAKilledKeeper) {
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  std::optional<Launched> child =
      Run(*client, "a", "echo up; exec sleep 1000000");
  ASSERT_TRUE(child);
  const int32_t pid = child->process.identity().pid;
  EXPECT_EQ(ReadLine(child->output.get()), "up");
  KillKeeper();
  EXPECT_TRUE(std::holds_alternative<keeper::End>(Next(*client)));
  EXPECT_TRUE(absl::IsAborted(client->Forget("a")));
  EXPECT_FALSE(child->process.HasEnded());
  EXPECT_EQ(ParentOf(pid), getpid());
  EXPECT_TRUE(absl::IsUnavailable(
      KeeperClient::Connect(directory(), absl::Seconds(1)).status()));

  // Its stale socket and its lock don't stop the next keeper.
  Start();
  client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_THAT(client->children(), IsEmpty());
  EXPECT_FALSE(child->process.HasEnded());
  ASSERT_TRUE(child->process.Signal(SIGKILL).ok());
  EXPECT_TRUE(ChildEnds(pid, SIGKILL));
}

TEST_F(KeeperCrashTest, HeldChildOfAKilledKeeperGoesWithItsGate) {
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  std::optional<Launched> child = Launch(*client, "a", Script("exit 0"));
  ASSERT_TRUE(child);
  const int32_t pid = child->process.identity().pid;
  KillKeeper();
  // A held child of the old keeper doesn't have the lock.
  Start();
  ASSERT_NE(Connect(), nullptr);
  child.reset();
  EXPECT_TRUE(ChildEnds(pid, platform::kNeverReleasedExitCode << 8));
}

struct FaultCase {
  std::string_view point;
  bool forked;    // There is a child when the keeper dies.
  bool reported;  // The server has received Spawned.
};

class KeeperFaultTest : public KeeperCrashTest,
                        public testing::WithParamInterface<FaultCase> {};

TEST_P(KeeperFaultTest, DeathWhileSpawningLeavesNoChild) {
  Start(std::string(GetParam().point));
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  absl::StatusOr<platform::Gate> gate = platform::Gate::Create();
  ASSERT_TRUE(gate.ok());
  ASSERT_TRUE(client
                  ->Spawn({.launch = "a", .spec = Script("exit 0")},
                          base::UniqueFd(dup(gate->child_end())),
                          base::UniqueFd(dup(2)), std::nullopt)
                  .ok());
  gate->CloseChildEnd();
  keeper::Message message = Next(*client);
  EXPECT_EQ(std::holds_alternative<keeper::Spawned>(message),
            GetParam().reported);
  if (GetParam().reported) message = Next(*client);
  EXPECT_TRUE(std::holds_alternative<keeper::End>(message));
  EXPECT_TRUE(KeeperEnds(SIGKILL));
  { const platform::Gate closed = *std::move(gate); }
  // The orphaned child, if there is one, is now this process's.
  int wait_status = 0;
  const pid_t pid = waitpid(-1, &wait_status, 0);
  EXPECT_EQ(pid > 0, GetParam().forked);
  if (pid > 0) {
    EXPECT_EQ(wait_status, platform::kNeverReleasedExitCode << 8);
  }
  Start();
  EXPECT_NE(Connect(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Points, KeeperFaultTest,
    testing::Values(
        FaultCase{.point = "keeper.spawn", .forked = false, .reported = false},
        FaultCase{.point = "keeper.forked", .forked = true, .reported = false},
        FaultCase{.point = "keeper.told", .forked = true, .reported = true}),
    [](const testing::TestParamInfo<FaultCase>& info) {
      return std::string(info.param.point.substr(7));
    });

TEST_F(KeeperCrashTest, DeathBeforeItReportsAnExitEndsTheConnection) {
  Start("keeper.exit:2");
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(Run(*client, "a", "exit 3"));
  EXPECT_EQ(NextExit(*client, "a"), 3 << 8);
  const std::optional<Launched> child = Run(*client, "b", "exit 3");
  ASSERT_TRUE(child);
  EXPECT_TRUE(std::holds_alternative<keeper::End>(Next(*client)));
  EXPECT_TRUE(KeeperEnds(SIGKILL));
  EXPECT_TRUE(child->process.HasEnded());
}

TEST_F(KeeperCrashTest, GarbageClosesOnlyThatConnection) {
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const int32_t keeper_pid = client->keeper_pid();
  ASSERT_TRUE(Launch(*client, "a", Script("")));
  const auto encoded = [](const keeper::Message& message) {
    return keeper::Encode(message).value_or("");
  };
  const std::vector<std::string> garbage = {
      "garbage",
      std::string(keeper::kMaxMessageBytes + 1, '\x03'),
      encoded(keeper::End{}),
      encoded(keeper::Exited{.launch = "a", .wait_status = 0}),
      // Without its descriptors.
      encoded(keeper::Spawn{.launch = "b", .spec = Script("exit 0")}),
  };
  for (const std::string& bytes : garbage) {
    const base::UniqueFd raw = ConnectRaw();
    ASSERT_TRUE(keeper::Send(raw.get(), bytes, {}).ok());
    EXPECT_TRUE(IsClosedBy(raw.get())) << bytes.substr(0, 20);
  }
  client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->keeper_pid(), keeper_pid);
  EXPECT_THAT(client->children(), SizeIs(1));
}

TEST_F(KeeperCrashTest, ServerThatDoesNotReadBlocksNothing) {
  constexpr int kMessages = 3000;
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const base::UniqueFd raw = ConnectRaw();
  // A small buffer, so that few descriptors are in flight (ETOOMANYREFS).
  const int small = 4096;
  ASSERT_EQ(setsockopt(raw.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
            0);
  // The answers are far more than the socket takes.
  for (int i = 0; i < kMessages; ++i) {
    const absl::StatusOr<std::string> bytes =
        keeper::Encode(keeper::Spawn{.launch = absl::StrCat(i)});
    ASSERT_TRUE(bytes.ok());
    ASSERT_TRUE(keeper::Send(raw.get(), *bytes, {2, 2}).ok());
  }
  std::vector<std::string> answers;
  answers.reserve(kMessages);
  while (answers.size() < kMessages && Await(raw.get(), POLLIN)) {
    const absl::StatusOr<keeper::Packet> packet = keeper::Receive(raw.get());
    ASSERT_TRUE(packet.ok()) << packet.status();
    const absl::StatusOr<keeper::Message> message =
        keeper::Decode(packet->bytes);
    ASSERT_TRUE(message.ok()) << message.status();
    const auto* const failed = std::get_if<keeper::SpawnFailed>(&*message);
    if (failed != nullptr) answers.push_back(failed->launch);
  }
  ASSERT_THAT(answers, SizeIs(kMessages));
  for (int i = 0; i < kMessages; ++i) EXPECT_EQ(answers[i], absl::StrCat(i));
}

TEST_F(KeeperCrashTest, ServerThatReadsOnlyWhenItCannotWriteGetsAllAnswers) {
  constexpr int kMessages = KeeperLoop::kMaxQueued + 2000;
  Start();
  const std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  const base::UniqueFd raw = ConnectRaw();
  const int small = 4096;
  ASSERT_EQ(setsockopt(raw.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
            0);
  ASSERT_EQ(fcntl(raw.get(), F_SETFL, O_NONBLOCK), 0);
  int sent = 0;
  int answered = 0;
  while (answered < kMessages) {
    if (sent < kMessages) {
      const absl::StatusOr<std::string> bytes =
          keeper::Encode(keeper::Spawn{.launch = absl::StrCat(sent)});
      ASSERT_TRUE(bytes.ok());
      const absl::Status status = keeper::Send(raw.get(), *bytes, {2, 2});
      if (status.ok()) ++sent;
      if (status.ok()) continue;
      ASSERT_TRUE(absl::IsUnavailable(status)) << status;
    }
    ASSERT_TRUE(Await(raw.get(), POLLIN));
    const absl::StatusOr<keeper::Packet> packet = keeper::Receive(raw.get());
    ASSERT_TRUE(packet.ok()) << packet.status();
    const absl::StatusOr<keeper::Message> message =
        keeper::Decode(packet->bytes);
    ASSERT_TRUE(message.ok()) << message.status();
    const auto* const failed = std::get_if<keeper::SpawnFailed>(&*message);
    if (failed == nullptr) continue;
    EXPECT_EQ(failed->launch, absl::StrCat(answered));
    ++answered;
  }
}

// The socket stays writable.
TEST_F(KeeperCrashTest, KeeperWithoutMemoryToSendDoesNotSpin) {
  const absl::StatusOr<base::UniqueFd> opened =
      keeper::OpenDirectory(directory());
  ASSERT_TRUE(opened.ok()) << opened.status();
  absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened->get());
  ASSERT_TRUE(listener.ok()) << listener.status();
  constexpr int kFailed = 254;
  const std::optional<int> rounds =
      platform::RunRefusing({{.number = SYS_sendmsg, .error = ENOBUFS}}, [&] {
        base::EventLoop events;
        KeeperLoop loop(events, *std::move(listener), {});
        base::UniqueFd server = ConnectRaw();
        if (!server.valid() || !loop.Start().ok()) return kFailed;
        const auto timer = events.RunAfter(
            3.5 * keeper::SocketWatch::kRetryDelay, [&] { server.reset(); });
        int count = 0;
        for (; count < kFailed && !loop.MayEnd(); ++count) events.RunOnce();
        return count;
      });
  if (!rounds) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_THAT(*rounds, Lt(20));
}

TEST_F(KeeperCrashTest, AnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  Start();
  std::unique_ptr<KeeperClient> client = Connect();
  ASSERT_NE(client, nullptr);
  // The file's mode lets the user in, the keeper doesn't.
  ASSERT_EQ(chmod((directory() + "/keeper.sock").c_str(), 0666), 0);
  ASSERT_EQ(chmod(directory().c_str(), 0711), 0);
  constexpr int kCannotChange = 77;
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    if (chdir(directory().c_str()) != 0) _exit(1);
    if (setresuid(65534, 65534, 65534) != 0) _exit(kCannotChange);
    const sockaddr_un address = {.sun_family = AF_UNIX,
                                 .sun_path = "keeper.sock"};
    const base::UniqueFd raw(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (connect(raw.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0) {
      _exit(2);
    }
    const absl::StatusOr<keeper::Packet> packet = keeper::Receive(raw.get());
    _exit(packet.ok() && packet->bytes.empty() ? 0 : 3);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, 0), pid);
  if (wait_status == kCannotChange << 8) GTEST_SKIP() << "no other user here";
  EXPECT_EQ(wait_status, 0);
  // The first connection still works.
  ASSERT_TRUE(Launch(*client, "a", Script("")));
}

}  // namespace
}  // namespace tallyman::stacks
