// Keepers and servers of different releases.

#include "stacks/keeper/versions.h"

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/loop.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/socket.h"
#include "stacks/keeper/testing/fake_keeper.h"
#include "stacks/keeper/testing/keeper_fixture.h"

namespace tallyman::stacks {
namespace {

using keeper::VersionRange;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(30);

std::string Encoded(const keeper::Message& message) {
  return keeper::Encode(message).value_or("");
}

TEST(KeeperVersionsTest, HighestCommonVersionIsChosen) {
  EXPECT_THAT(keeper::ChooseVersion({1, 1}, {1, 1}).value_or(0), 1);
  EXPECT_THAT(keeper::ChooseVersion({1, 3}, {2, 5}).value_or(0), 3);
  EXPECT_THAT(keeper::ChooseVersion({2, 5}, {1, 3}).value_or(0), 3);
  EXPECT_THAT(keeper::ChooseVersion({1, 9}, {4, 4}).value_or(0), 4);
}

TEST(KeeperVersionsTest, RangesWithoutACommonVersionAreNamed) {
  for (const auto& [keeper, server] :
       {std::pair<VersionRange, VersionRange>({5, 7}, {1, 2}),
        std::pair<VersionRange, VersionRange>({1, 2}, {5, 7})}) {
    const absl::Status status = keeper::ChooseVersion(keeper, server).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("versions 1 to 2"));
    EXPECT_THAT(status.message(), HasSubstr("versions 5 to 7"));
    EXPECT_THAT(status.message(), HasSubstr("scale everything to 0"));
  }
  EXPECT_THAT(keeper::ChooseVersion({1, 1}, {2, 3}).status().message(),
              HasSubstr("speaks version 1 of"));
}

// Keepers of other releases: real ones with a range that the test chooses, and
// fake ones.
class KeeperVersionsSocketTest : public KeeperTest {
 protected:
  using ClientOr = absl::StatusOr<std::unique_ptr<KeeperClient>>;

  void SetUp() override {
    KeeperTest::SetUp();
    absl::StatusOr<base::UniqueFd> opened = keeper::OpenDirectory(directory());
    ASSERT_TRUE(opened.ok()) << opened.status();
    opened_ = *std::move(opened);
    Listen();
  }

  void Listen() {
    absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened_.get());
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }

  // Runs a keeper of `versions` in a child of this process while `body` runs.
  template <typename Body>
  void WithKeeper(const VersionRange& versions, const Body& body) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      base::EventLoop events;
      KeeperLoop loop(events, std::move(listener_),
                      {.first_server_wait = kPatience, .versions = versions});
      _exit(loop.Run().ok() ? 0 : 1);
    }
    body();
    EXPECT_TRUE(ChildEnds(pid, 0));
  }

  ClientOr ConnectToFake(std::vector<std::string> packets,
                         const VersionRange& versions) {
    fake_.reset();
    fake_ = std::make_unique<FakeKeeper>(directory(), std::move(packets));
    return KeeperClient::Connect(directory(), kPatience, versions);
  }

  // The bytes that the fake keeper has received.
  std::string Received() {
    const absl::StatusOr<keeper::Packet> packet =
        keeper::Receive(fake_->connection().get());
    return packet.ok() ? packet->bytes : "";
  }

  base::UniqueFd opened_;
  base::UniqueFd listener_;
  std::unique_ptr<FakeKeeper> fake_;
};

// The first release, byte for byte: it greets with version 1 and its children,
// and drops a connection that sends anything else than Spawn and Forget.
TEST_F(KeeperVersionsSocketTest, KeeperOfTheFirstReleaseGetsItsOwnProtocol) {
  const std::string welcome("\x01\x01\0\0\0\x07\0\0\0", 9);
  const std::string child("\x02\x01\0\0\0a\x02\0\0\0\x03\0\0\0\0\0\0\0\0", 19);
  for (const VersionRange& versions : {VersionRange{1, 1}, {1, 9}}) {
    const ClientOr client = ConnectToFake({welcome, child, "\x03"}, versions);
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_EQ((*client)->keeper_pid(), 7);
    EXPECT_EQ((*client)->version(), 1);
    EXPECT_THAT((*client)->children(),
                ElementsAre(keeper::Child{.launch = "a",
                                          .pid = 2,
                                          .start_ticks = 3,
                                          .wait_status = std::nullopt}));
    EXPECT_EQ(Received(), "") << "a message that it doesn't know";
    ASSERT_TRUE((*client)
                    ->Spawn({.launch = "b", .spec = {.arguments = {"x"}}},
                            base::UniqueFd(dup(0)), base::UniqueFd(dup(0)),
                            std::nullopt)
                    .ok());
    EXPECT_EQ(Received(),
              std::string("\x04\x01\0\0\0b\x01\0\0\0\x01\0\0\0x\0\0\0\0\0\0\0\0"
                          "\0\0\0\0\0",
                          28));
    ASSERT_TRUE((*client)->Forget("a").ok());
    EXPECT_EQ(Received(), std::string("\x08\x01\0\0\0a", 6));
  }
}

// The first release of the server, byte for byte: it wants version 1, Child and
// End, and forgets ended children that it has no record of.
TEST_F(KeeperVersionsSocketTest, ServerOfTheFirstReleaseGetsItsOwnProtocol) {
  for (const VersionRange& versions : {VersionRange{1, 1}, {1, 9}}) {
    SCOPED_TRACE(versions.newest);
    WithKeeper(versions, [&] {
      absl::StatusOr<base::UniqueFd> raw =
          keeper::Connect(opened_.get(), kPatience);
      ASSERT_TRUE(raw.ok()) << raw.status();
      const auto next = [&] {
        const absl::StatusOr<keeper::Packet> packet =
            keeper::Receive(raw->get());
        return packet.ok() ? packet->bytes : "";
      };
      const std::string welcome = next();
      ASSERT_EQ(welcome.size(), 9U);
      EXPECT_EQ(welcome.substr(0, 5), std::string("\x01\x01\0\0\0", 5));
      const absl::StatusOr<keeper::Message> record = keeper::Decode(next());
      ASSERT_TRUE(record.ok()) << record.status();
      const auto* const child = std::get_if<keeper::Child>(&*record);
      ASSERT_NE(child, nullptr);
      ASSERT_TRUE(child->wait_status.has_value());
      EXPECT_EQ(next(), "\x03");
      ASSERT_TRUE(
          keeper::Send(raw->get(), Encoded(keeper::Forget{child->launch}), {})
              .ok());
      // A launch without a program: the keeper answers.
      ASSERT_TRUE(keeper::Send(raw->get(),
                               Encoded(keeper::Spawn{.launch = "a"}), {0, 0})
                      .ok());
      EXPECT_TRUE(absl::StartsWith(next(), "\x06"));
    });
    Listen();
  }
}

TEST_F(KeeperVersionsSocketTest, FutureKeeperSpeaksTheHighestCommonVersion) {
  WithKeeper({1, 7}, [&] {
    const ClientOr client =
        KeeperClient::Connect(directory(), kPatience, {1, 3});
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_EQ((*client)->version(), 3);
    EXPECT_THAT((*client)->children(), IsEmpty());
    // The keeper accepts the choice: it answers.
    ASSERT_TRUE((*client)
                    ->Spawn({.launch = "a", .spec = {}}, base::UniqueFd(dup(0)),
                            base::UniqueFd(dup(0)), std::nullopt)
                    .ok());
    EXPECT_TRUE(std::holds_alternative<keeper::SpawnFailed>(Next(**client)));
  });
}

TEST_F(KeeperVersionsSocketTest, ServerSelectsTheHighestCommonVersion) {
  const ClientOr client = ConnectToFake(
      {Encoded(keeper::Welcome{.version = 2, .pid = 7}),
       Encoded(keeper::VersionsRecord(4)), Encoded(keeper::End{})},
      {1, 9});
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->version(), 4);
  EXPECT_THAT((*client)->children(), IsEmpty());
  EXPECT_EQ(Received(), Encoded(keeper::Select{.version = 4}));
}

TEST_F(KeeperVersionsSocketTest, FutureKeeperWithoutACommonVersionIsRefused) {
  WithKeeper({5, 7}, [&] {
    const ClientOr client =
        KeeperClient::Connect(directory(), kPatience, {1, 2});
    EXPECT_TRUE(absl::IsFailedPrecondition(client.status())) << client.status();
    EXPECT_THAT(client.status().message(), HasSubstr(directory()));
    EXPECT_THAT(client.status().message(), HasSubstr("versions 5 to 7"));
    EXPECT_THAT(client.status().message(), HasSubstr("versions 1 to 2"));
  });
}

TEST_F(KeeperVersionsSocketTest, VersionThatWasNotOfferedEndsTheConnection) {
  for (const int32_t version : {1, 5}) {
    // Without its server this keeper ends.
    WithKeeper({2, 4}, [&] {
      absl::StatusOr<base::UniqueFd> raw =
          keeper::Connect(opened_.get(), kPatience);
      ASSERT_TRUE(raw.ok()) << raw.status();
      ASSERT_TRUE(keeper::Send(raw->get(),
                               Encoded(keeper::Select{.version = version}), {})
                      .ok());
      absl::StatusOr<keeper::Packet> packet = keeper::Receive(raw->get());
      while (packet.ok() && !packet->bytes.empty()) {
        packet = keeper::Receive(raw->get());
      }
    });
    Listen();
  }
}

}  // namespace
}  // namespace tallyman::stacks
