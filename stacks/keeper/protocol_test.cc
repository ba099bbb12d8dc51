#include "stacks/keeper/protocol.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"

namespace tallyman::stacks::keeper {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Each message, with all optional fields and without.
std::vector<Message> Samples() {
  return {
      Welcome{.version = 1, .pid = 4711},
      Child{.launch = "abc",
            .pid = std::numeric_limits<int32_t>::max(),
            .start_ticks = std::numeric_limits<int64_t>::max(),
            .wait_status = -1},
      Child{.launch = "abc", .pid = 12, .start_ticks = 34, .wait_status = {}},
      End{},
      Spawn{
          .launch = "x1",
          .spec = {.arguments = {"/bin/sh", "-c", "echo \"$A\"", ""},
                   .environment = {"A=1", "B=\xff\n", "C="},
                   .directory = "/tmp",
                   .credentials =
                       platform::Credentials{.uid = 4'294'967'294U,
                                             .gid = 100,
                                             .groups = {1, 2, 4'294'967'295U}},
                   .limits = {.cpu_seconds = 1,
                              .memory_bytes = int64_t{1} << 40,
                              .open_files = -1}},
          .has_cgroup = true},
      Spawn{},
      Spawned{.launch = "x1", .pid = 2, .start_ticks = 3},
      SpawnFailed{.launch = "x1", .reason = std::string("a\0b", 3)},
      Exited{.launch = "x1", .wait_status = 0x8b},
      Forget{.launch = "x1"},
      Select{.version = 7},
  };
}

std::string Encoded(const Message& message) {
  absl::StatusOr<std::string> bytes = Encode(message);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *std::move(bytes) : std::string();
}

// Bytes are either refused or the only encoding of their message.
void ExpectRefusedOrExact(const std::string& bytes) {
  const absl::StatusOr<Message> message = Decode(bytes);
  if (message.ok()) {
    EXPECT_EQ(Encoded(*message), bytes);
  } else {
    EXPECT_TRUE(absl::IsInvalidArgument(message.status()));
  }
}

TEST(KeeperProtocolTest, DecodesWhatItEncodes) {
  for (const Message& message : Samples()) {
    const absl::StatusOr<Message> decoded = Decode(Encoded(message));
    ASSERT_TRUE(decoded.ok()) << message.index() << decoded.status();
    EXPECT_EQ(*decoded, message) << message.index();
  }
}

// Keepers and servers of different releases meet: encodings never change.
TEST(KeeperProtocolTest, EncodingIsFixed) {
  EXPECT_EQ(Encoded(Welcome{.version = 1, .pid = 0x0102}),
            std::string("\x01\x01\0\0\0\x02\x01\0\0", 9));
  EXPECT_EQ(Encoded(End{}), "\x03");
  EXPECT_EQ(Encoded(Exited{.launch = "ab", .wait_status = -2}),
            std::string("\x07\x02\0\0\0ab\xfe\xff\xff\xff", 11));
  EXPECT_EQ(Encoded(Child{
                .launch = "", .pid = 1, .start_ticks = -2, .wait_status = 9}),
            std::string("\x02\0\0\0\0\x01\0\0\0\xfe\xff\xff\xff\xff\xff\xff"
                        "\xff\x01\x09\0\0\0",
                        22));
}

TEST(KeeperProtocolTest, TruncatedMessagesAreRefused) {
  for (const Message& message : Samples()) {
    const std::string bytes = Encoded(message);
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_TRUE(
          absl::IsInvalidArgument(Decode(bytes.substr(0, length)).status()))
          << message.index() << " cut at " << length;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(Decode(bytes + '\0').status()));
  }
}

TEST(KeeperProtocolTest, UnknownTypesAreRefused) {
  for (const int type : {0, 10, 255}) {
    const std::string bytes = {static_cast<char>(type), 0, 0, 0, 0};
    const absl::Status status = Decode(bytes).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("type ", type)));
  }
}

TEST(KeeperProtocolTest, MutatedMessagesAreRefusedOrExact) {
  std::mt19937 random(20240229);
  for (const Message& message : Samples()) {
    const std::string bytes = Encoded(message);
    for (int round = 0; round < 3000; ++round) {
      std::string mutated = bytes;
      for (uint32_t edits = random() % 4 + 1; edits > 0; --edits) {
        mutated[random() % mutated.size()] = static_cast<char>(
            random() % 2 == 0 ? random() % 4 : random() % 256);
      }
      ExpectRefusedOrExact(mutated);
    }
  }
}

TEST(KeeperProtocolTest, RandomBytesAreRefusedOrExact) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 64 + 1, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 3 == 0 ? random() % 256 : 0);
    }
    bytes[0] = static_cast<char>(random() % 11);
    ExpectRefusedOrExact(bytes);
  }
}

TEST(KeeperProtocolTest, LengthsBeyondTheMessageAreRefused) {
  // A Spawn with no launch and four billion arguments.
  const std::string bytes =
      std::string("\x04\0\0\0\0\xff\xff\xff\xff", 9) + std::string(1000, '\0');
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(bytes).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Decode(std::string(kMaxMessageBytes + 1, '\x03')).status()));
}

TEST(KeeperProtocolTest, MessagesUpToTheLimitAreEncoded) {
  Spawn spawn;
  const size_t rest = Encoded(spawn).size() + 4;
  spawn.spec.environment = {std::string(kMaxMessageBytes - rest, 'e')};
  EXPECT_THAT(Encoded(spawn), SizeIs(kMaxMessageBytes));
  spawn.spec.environment[0] += 'e';
  EXPECT_TRUE(absl::IsInvalidArgument(Encode(spawn).status()));
  // The lengths of empty strings count as well.
  spawn.spec.environment.assign(kMaxMessageBytes, "");
  EXPECT_TRUE(absl::IsInvalidArgument(Encode(spawn).status()));
}

class KeeperProtocolSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         0, ends.data()),
              0);
    near_ = base::UniqueFd(ends[0]);
    far_ = base::UniqueFd(ends[1]);
  }

  base::UniqueFd near_;
  base::UniqueFd far_;
};

TEST_F(KeeperProtocolSocketTest, PacketsKeepTheirBoundariesAndDescriptors) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const base::UniqueFd read_end(ends[0]);
  const base::UniqueFd write_end(ends[1]);
  const std::string large(kMaxMessageBytes, 'l');
  ASSERT_TRUE(Send(near_.get(), "one",
                   {write_end.get(), write_end.get(), write_end.get()})
                  .ok());
  ASSERT_TRUE(Send(near_.get(), "two", {}).ok());

  absl::StatusOr<Packet> packet = Receive(far_.get());
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->bytes, "one");
  ASSERT_THAT(packet->descriptors, SizeIs(3));
  EXPECT_EQ(fcntl(packet->descriptors[0].get(), F_GETFD), FD_CLOEXEC);
  // It is the same pipe.
  struct stat sent;
  struct stat received;
  ASSERT_EQ(fstat(write_end.get(), &sent), 0);
  ASSERT_EQ(fstat(packet->descriptors[0].get(), &received), 0);
  EXPECT_EQ(received.st_ino, sent.st_ino);

  packet = Receive(far_.get());
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->bytes, "two");
  EXPECT_THAT(packet->descriptors, SizeIs(0));

  ASSERT_TRUE(Send(near_.get(), large, {}).ok());
  packet = Receive(far_.get());
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->bytes, large);
}

TEST_F(KeeperProtocolSocketTest, NothingToReceiveIsUnavailable) {
  EXPECT_TRUE(absl::IsUnavailable(Receive(far_.get()).status()));
}

TEST_F(KeeperProtocolSocketTest, FullSocketIsUnavailableUntilItIsRead) {
  int sent = 0;
  absl::Status status;
  while (sent < 1'000'000 && (status = Send(near_.get(), "x", {})).ok()) ++sent;
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  for (int i = 0; i < sent; ++i) ASSERT_TRUE(Receive(far_.get()).ok());
  EXPECT_TRUE(Send(near_.get(), "x", {}).ok());
}

TEST_F(KeeperProtocolSocketTest, EndComesAfterWhatWasSent) {
  ASSERT_TRUE(Send(near_.get(), "last", {}).ok());
  near_.reset();
  EXPECT_TRUE(absl::IsAborted(Send(far_.get(), "x", {})));
  absl::StatusOr<Packet> packet = Receive(far_.get());
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->bytes, "last");
  packet = Receive(far_.get());
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->bytes, "");
}

TEST_F(KeeperProtocolSocketTest, PeerThatClosedWithoutReadingIsAborted) {
  ASSERT_TRUE(Send(near_.get(), "unread", {}).ok());
  far_.reset();
  EXPECT_TRUE(absl::IsAborted(Receive(near_.get()).status()));
}

TEST_F(KeeperProtocolSocketTest, TooLongPacketIsRemovedAndRefused) {
  const std::string large(kMaxMessageBytes + 1, 'l');
  ASSERT_TRUE(Send(near_.get(), large, {}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Receive(far_.get()).status()));
  EXPECT_TRUE(absl::IsUnavailable(Receive(far_.get()).status()));
}

TEST_F(KeeperProtocolSocketTest, TooManyDescriptorsAreNotSent) {
  const int near = near_.get();
  EXPECT_TRUE(absl::IsInvalidArgument(
      Send(near_.get(), "x", {near, near, near, near})));
}

TEST_F(KeeperProtocolSocketTest, WrongDescriptorsAreNotSent) {
  EXPECT_FALSE(Send(near_.get(), "x", {-1}).ok());
  EXPECT_TRUE(absl::IsUnavailable(Receive(far_.get()).status()));
}

}  // namespace
}  // namespace tallyman::stacks::keeper
