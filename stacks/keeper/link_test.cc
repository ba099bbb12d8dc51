#include "stacks/keeper/link.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "platform/testing/refuse_calls.h"
#include "platform/testing/temp_directory.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"
#include "stacks/keeper/testing/fake_keeper.h"
#include "stacks/keeper/testing/keeper_fixture.h"
#include "stacks/model/notice.h"

namespace tallyman::stacks {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Lt;

constexpr absl::Duration kPatience = absl::Seconds(30);

// A link that records its callbacks as "spawned a", "exited a 9", ...
// TearDown() fails unless the keeper ends by itself, which it does only once
// every child has been forgotten.
class KeeperLinkTest : public KeeperTest {
 protected:
  std::unique_ptr<KeeperLink> MakeLink() {
    const auto record = [this](auto... parts) {
      events_.push_back(absl::StrCat(parts...));
    };
    return std::make_unique<KeeperLink>(
        KeeperLink::Options{.directory = directory(),
                            .program = kThisProgram,
                            .boot_id = platform::BootId().value_or("")},
        KeeperLink::Callbacks{
            .found =
                [=](const keeper::Child& child) {
                  record("found ", child.launch,
                         child.wait_status ? " ended" : "");
                },
            .spawned =
                [=](const keeper::Spawned& spawned) {
                  record("spawned ", spawned.launch);
                },
            .spawn_failed =
                [=](const keeper::SpawnFailed& failed) {
                  record("failed ", failed.launch);
                },
            .exited =
                [=](const keeper::Exited& exited) {
                  record("exited ", exited.launch, " ", exited.wait_status);
                },
            .orphaned =
                [=](const std::string& launch) { record("orphaned ", launch); },
            .unreachable =
                [=](const std::string& launch) {
                  record("unreachable ", launch);
                },
            .stray_ended =
                [=](const std::string& launch) { record("stray ", launch); },
            .notices =
                [=](const Notice& notice) { record("notice ", notice.event); }},
        loop_);
  }

  // Asks for a child that runs until it is killed.
  void Spawn(KeeperLink& link, const std::string& launch) {
    absl::StatusOr<platform::Gate> gate = platform::Gate::Create();
    CHECK_OK(gate);
    base::UniqueFd child_end(fcntl(gate->child_end(), F_DUPFD_CLOEXEC, 3));
    gate->CloseChildEnd();
    CHECK_OK(
        link.Spawn({.launch = launch, .spec = Script("exec sleep 1000000")},
                   std::move(child_end), base::UniqueFd(dup(2)), std::nullopt));
    gates_.push_back(*std::move(gate));
  }

  // Runs the loop until `event` was recorded.
  void RunUntil(const std::string& event) {
    bool late = false;
    const auto timer = loop_.RunAfter(kPatience, [&] { late = true; });
    while (!late && !Seen(event)) loop_.RunOnce();
    EXPECT_TRUE(Seen(event)) << event;
  }
  bool Seen(const std::string& event) const {
    return std::find(events_.begin(), events_.end(), event) != events_.end();
  }

  base::EventLoop loop_;
  std::vector<std::string> events_;
  std::vector<platform::Gate> gates_;
};

TEST_F(KeeperLinkTest, StartsAKeeperAndReportsItsChildren) {
  auto link = MakeLink();
  EXPECT_FALSE(link->connected());
  link->Connect();
  ASSERT_TRUE(link->connected());
  Spawn(*link, "a");
  RunUntil("spawned a");
  gates_.clear();  // The child ends without having run its program.
  const std::string exited =
      absl::StrCat("exited a ", platform::kNeverReleasedExitCode << 8);
  RunUntil(exited);
  EXPECT_THAT(events_,
              ElementsAre("notice keeper_connected", "spawned a", exited));
  link->Forget("a");
}

TEST_F(KeeperLinkTest, NextServerFindsItsChildrenAndForgetsStrays) {
  auto link = MakeLink();
  link->Connect();
  Spawn(*link, "known");
  Spawn(*link, "stray");
  RunUntil("spawned known");
  RunUntil("spawned stray");
  link.reset();
  events_.clear();

  link = MakeLink();
  link->Track("known");
  link->Track("lost");
  link->Connect();
  EXPECT_THAT(events_, ElementsAre("notice keeper_connected", "found known",
                                   "orphaned lost"));
  // Held at the gate, the stray doesn't end by itself.
  RunUntil("stray stray");
  EXPECT_THAT(events_, Contains("notice stray_killed"));
  EXPECT_FALSE(Seen("exited known"));
  gates_.clear();
  RunUntil(
      absl::StrCat("exited known ", platform::kNeverReleasedExitCode << 8));
  link->Forget("known");
}

TEST_F(KeeperLinkTest, LostConnectionToALivingKeeperOrphansNothing) {
  Start();
  auto link = MakeLink();
  link->Connect();
  Spawn(*link, "a");
  RunUntil("spawned a");
  // The newest connection counts.
  ASSERT_NE(Connect(), nullptr);
  RunUntil("found a");
  EXPECT_THAT(events_, ElementsAre("notice keeper_connected", "spawned a",
                                   "notice keeper_lost",
                                   "notice keeper_connected", "found a"));
  gates_.clear();
  RunUntil(absl::StrCat("exited a ", platform::kNeverReleasedExitCode << 8));
  link->Forget("a");
}

TEST_F(KeeperLinkTest, KeeperThatLivesAndCannotBeReachedOrphansNothing) {
  Start();
  auto link = MakeLink();
  link->Connect();
  Spawn(*link, "a");
  RunUntil("spawned a");
  // Something else answers at the keeper's socket, once.
  const platform::TempDirectory elsewhere;
  const std::string here = absl::StrCat(directory(), "/keeper.sock");
  const std::string there = absl::StrCat(elsewhere.path(), "/keeper.sock");
  ASSERT_EQ(rename(here.c_str(), there.c_str()), 0);
  const FakeKeeper impostor(
      directory(), {"220 mail.example.com"},
      {.before = [&] { EXPECT_EQ(rename(there.c_str(), here.c_str()), 0); }});
  // The newest connection counts: the link loses its own.
  ASSERT_TRUE(KeeperClient::Connect(elsewhere.path(), kPatience).ok());
  RunUntil("found a");
  EXPECT_THAT(events_, ElementsAre("notice keeper_connected", "spawned a",
                                   "notice keeper_lost",
                                   "notice keeper_unreachable", "unreachable a",
                                   "notice keeper_connected", "found a"));
  gates_.clear();
  RunUntil(absl::StrCat("exited a ", platform::kNeverReleasedExitCode << 8));
  link->Forget("a");
}

TEST_F(KeeperLinkTest, EndOfAnUnreachableKeeperOrphansItsChildren) {
  Start();
  auto link = MakeLink();
  link->Connect();
  Spawn(*link, "a");
  RunUntil("spawned a");
  FindKeeper();
  // Something else answers at the keeper's socket while the keeper ends.
  const FakeKeeper impostor(directory(), {"220 mail.example.com"});
  KillKeeper();
  RunUntil("orphaned a");
  EXPECT_FALSE(
      Seen(absl::StrCat("exited a ", platform::kNeverReleasedExitCode << 8)));
  // The next keeper takes over.
  while (!link->connected()) loop_.RunOnce();
  Spawn(*link, "b");
  RunUntil("spawned b");
  gates_.clear();
  RunUntil(absl::StrCat("exited b ", platform::kNeverReleasedExitCode << 8));
  link->Forget("b");
}

// The socket stays writable.
TEST_F(KeeperLinkTest, LinkWithoutMemoryToSendDoesNotSpin) {
  const FakeKeeper fake(directory(),
                        {keeper::Encode(keeper::Welcome{}).value_or(""),
                         keeper::Encode(keeper::End{}).value_or("")});
  auto link = MakeLink();
  int rounds = 0;
  const bool allowed = platform::RunThreadRefusing(
      {{.number = SYS_sendmsg, .error = ENOBUFS}}, [&] {
        link->Connect();
        link->Forget("a");
        bool over = false;
        const auto timer = loop_.RunAfter(
            3.5 * keeper::SocketWatch::kRetryDelay, [&] { over = true; });
        for (; !over && rounds < 1000; ++rounds) loop_.RunOnce();
      });
  if (!allowed) link->Connect();  // For the fake keeper.
  if (!allowed) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_THAT(events_, ElementsAre("notice keeper_connected"));
  EXPECT_THAT(rounds, Lt(20));
}

}  // namespace
}  // namespace tallyman::stacks
