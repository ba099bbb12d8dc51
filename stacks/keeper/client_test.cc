// Keepers that are missing, silent or wrong. keeper_test.cc has the real ones.

#include "stacks/keeper/client.h"

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/send_queue.h"
#include "stacks/keeper/socket.h"
#include "stacks/keeper/testing/fake_keeper.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using State = keeper::SendQueue::State;

constexpr absl::Duration kPatience = absl::Seconds(30);

std::string Encoded(const keeper::Message& message) {
  return keeper::Encode(message).value_or("");
}

class KeeperClientTest : public testing::Test {
 protected:
  using ClientOr = absl::StatusOr<std::unique_ptr<KeeperClient>>;

  void SetUp() override {
    absl::StatusOr<base::UniqueFd> opened = keeper::OpenDirectory(directory_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    opened_ = *std::move(opened);
  }

  void Listen() {
    absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened_.get());
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }

  // Connects to a keeper that sends `packets` and then, if `closes`, closes the
  // connection; otherwise its end is connection().
  ClientOr ConnectTo(std::vector<std::string> packets, bool closes = false) {
    fake_.reset();
    fake_ = std::make_unique<FakeKeeper>(
        directory_, std::move(packets),
        FakeKeeper::Options{.before = {}, .closes = closes});
    ClientOr client = KeeperClient::Connect(directory_, kPatience);
    connection();  // All packets are sent.
    return client;
  }
  base::UniqueFd& connection() { return fake_->connection(); }

  platform::TempDirectory made_;
  const std::string directory_ = made_.path();
  base::UniqueFd opened_;
  base::UniqueFd listener_;
  std::unique_ptr<FakeKeeper> fake_;
};

TEST_F(KeeperClientTest, NoKeeperIsUnavailable) {
  ClientOr client = KeeperClient::Connect(directory_, kPatience);
  EXPECT_TRUE(absl::IsUnavailable(client.status())) << client.status();
  EXPECT_THAT(client.status().message(), HasSubstr(directory_));
  EXPECT_FALSE(keeper::IsBound(opened_.get()));
}

TEST_F(KeeperClientTest, SocketOfAKilledKeeperIsUnavailable) {
  Listen();
  EXPECT_TRUE(keeper::IsBound(opened_.get()));
  listener_.reset();
  EXPECT_FALSE(keeper::IsBound(opened_.get()));
  const ClientOr client = KeeperClient::Connect(directory_, kPatience);
  EXPECT_TRUE(absl::IsUnavailable(client.status())) << client.status();
}

TEST_F(KeeperClientTest, SilentKeeperIsUnavailableAfterTheTimeout) {
  Listen();
  const ClientOr client =
      KeeperClient::Connect(directory_, absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsUnavailable(client.status())) << client.status();
}

TEST_F(KeeperClientTest, FullBacklogIsUnavailableAfterTheTimeout) {
  Listen();
  // Fill the backlog.
  absl::StatusOr<base::UniqueFd> connection = base::UniqueFd();
  std::vector<base::UniqueFd> waiting;
  while (waiting.size() < 10000) {
    connection = keeper::Connect(opened_.get(), absl::Milliseconds(10));
    if (!connection.ok()) break;
    waiting.push_back(*std::move(connection));
  }
  EXPECT_TRUE(absl::IsUnavailable(connection.status())) << connection.status();
  const ClientOr client =
      KeeperClient::Connect(directory_, absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsUnavailable(client.status())) << client.status();
}

TEST_F(KeeperClientTest, ConnectionThatEndsWithinTheListIsUnavailable) {
  const ClientOr client =
      ConnectTo({Encoded(keeper::Welcome{.pid = 1}),
                 Encoded(keeper::Child{.launch = "a", .pid = 2})},
                /*closes=*/true);
  EXPECT_TRUE(absl::IsUnavailable(client.status())) << client.status();
}

TEST_F(KeeperClientTest, AnotherVersionIsNamed) {
  const int32_t version = keeper::kVersions.newest + 1;
  const ClientOr client =
      ConnectTo({Encoded(keeper::Welcome{.version = version, .pid = 1}),
                 Encoded(keeper::End{})});
  EXPECT_TRUE(absl::IsFailedPrecondition(client.status())) << client.status();
  EXPECT_THAT(client.status().message(),
              HasSubstr(absl::StrCat("version ", version)));
}

TEST_F(KeeperClientTest, AnotherProtocolIsRefused) {
  for (const std::vector<std::string>& packets :
       {std::vector<std::string>{"220 mail.example.com ESMTP"},
        {Encoded(keeper::End{})},
        {Encoded(keeper::Welcome{}), Encoded(keeper::Forget{.launch = "a"})},
        {Encoded(keeper::Welcome{}), "x"}}) {
    const ClientOr client = ConnectTo(packets);
    EXPECT_TRUE(absl::IsFailedPrecondition(client.status())) << client.status();
  }
}

TEST_F(KeeperClientTest, ReadsTheListAndThenMessages) {
  const keeper::Child child = {
      .launch = "a", .pid = 2, .start_ticks = 3, .wait_status = 4};
  const keeper::Exited exited = {.launch = "b", .wait_status = 5};
  const ClientOr client =
      ConnectTo({Encoded(keeper::Welcome{.pid = 7}), Encoded(child),
                 Encoded(keeper::End{}), Encoded(exited)});
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->keeper_pid(), 7);
  EXPECT_THAT((*client)->children(), ElementsAre(child));
  absl::StatusOr<std::optional<keeper::Message>> message = (*client)->Receive();
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(*message, keeper::Message(exited));
  message = (*client)->Receive();
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(*message, std::nullopt);
  ASSERT_TRUE(keeper::Send(connection().get(), "x", {}).ok());
  EXPECT_TRUE(absl::IsAborted((*client)->Receive().status()));
  connection().reset();
  EXPECT_TRUE(absl::IsAborted((*client)->Receive().status()));
}

TEST_F(KeeperClientTest, FullSocketQueuesMessagesInOrder) {
  const ClientOr client =
      ConnectTo({Encoded(keeper::Welcome{}), Encoded(keeper::End{})});
  ASSERT_TRUE(client.ok()) << client.status();
  keeper::Spawn spawn;
  spawn.spec.environment = {std::string(100'000, 'e')};
  int sent = 0;
  while ((*client)->send_state() == State::kEmpty && sent < 1000) {
    spawn.launch = absl::StrCat(sent++);
    ASSERT_TRUE((*client)
                    ->Spawn(spawn, base::UniqueFd(dup(connection().get())),
                            base::UniqueFd(dup(connection().get())),
                            base::UniqueFd(dup(connection().get())))
                    .ok());
  }
  ASSERT_EQ((*client)->send_state(), State::kSocketFull);
  ASSERT_TRUE((*client)->Forget("last").ok());
  for (int i = 0; i < sent; ++i) {
    const absl::StatusOr<keeper::Packet> packet =
        keeper::Receive(connection().get());
    ASSERT_TRUE(packet.ok()) << packet.status();
    EXPECT_THAT(packet->descriptors, SizeIs(3));
    spawn.launch = absl::StrCat(i);
    spawn.has_cgroup = true;
    EXPECT_EQ(packet->bytes, Encoded(spawn));
    ASSERT_TRUE((*client)->Flush().ok());
  }
  EXPECT_EQ((*client)->send_state(), State::kEmpty);
  const absl::StatusOr<keeper::Packet> packet =
      keeper::Receive(connection().get());
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->bytes, Encoded(keeper::Forget{.launch = "last"}));
}

}  // namespace
}  // namespace tallyman::stacks
