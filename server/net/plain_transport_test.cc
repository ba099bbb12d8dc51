#include "server/net/plain_transport.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "server/net/testing/transport_io.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using State = Transport::State;

class PlainTransportTest : public testing::Test {
 protected:
  PlainTransportTest() : PlainTransportTest(MakeSocketPair()) {}
  explicit PlainTransportTest(SocketPair pair)
      : transport_(std::move(pair.server)), client_(std::move(pair.client)) {}

  void Send(std::string_view bytes) const {
    CHECK_EQ(send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
             static_cast<ssize_t>(bytes.size()));
  }

  // Receives up to the end of the stream.
  static std::string ReceiveAll(int fd) {
    std::string all;
    std::array<char, 65536> buffer;
    while (true) {
      const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      CHECK_GE(got, 0);
      if (got == 0) return all;
      all.append(buffer.data(), static_cast<size_t>(got));
    }
  }

  PlainTransport transport_;
  base::UniqueFd client_;
};

TEST_F(PlainTransportTest, NeedsNoHandshake) {
  EXPECT_EQ(transport_.Handshake().state, State::kOk);
  EXPECT_FALSE(transport_.is_encrypted());
  EXPECT_EQ(transport_.error(), "");
}

TEST_F(PlainTransportTest, ReadsWhatIsThereAndThenWaits) {
  std::array<char, 8> buffer;
  EXPECT_EQ(transport_.Read(absl::MakeSpan(buffer)).state, State::kWantRead);
  Send("0123456789");
  const Transport::Result got = transport_.Read(absl::MakeSpan(buffer));
  EXPECT_EQ(got.state, State::kOk);
  EXPECT_EQ(std::string_view(buffer.data(), got.bytes), "01234567");
  EXPECT_EQ(transport_.Read(absl::MakeSpan(buffer)).bytes, 2u);
  EXPECT_EQ(transport_.Read(absl::MakeSpan(buffer)).state, State::kWantRead);
}

TEST_F(PlainTransportTest, WritesHeadAndBodyAtOnce) {
  EXPECT_EQ(transport_.Write("head ", "body").bytes, 9u);
  std::array<char, 16> buffer;
  const ssize_t got = recv(client_.get(), buffer.data(), buffer.size(), 0);
  EXPECT_EQ(std::string_view(buffer.data(), static_cast<size_t>(got)),
            "head body");
}

TEST_F(PlainTransportTest, WritesEitherAlone) {
  EXPECT_EQ(transport_.Write("head ", "").bytes, 5u);
  EXPECT_EQ(transport_.Write("", "body").bytes, 4u);
  ASSERT_EQ(transport_.CloseWrite().state, State::kOk);
  EXPECT_EQ(ReceiveAll(client_.get()), "head body");
}

TEST_F(PlainTransportTest, WritesInPartsWhatTheSocketDoesNotTakeAtOnce) {
  const int size = 4096;
  CHECK_EQ(
      setsockopt(transport_.fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
      0);
  const std::string long_head(100'000, 'h');
  const std::string_view head = long_head;
  const std::string body(1'000'000, 'b');
  const Transport::Result first = transport_.Write(head, body);
  ASSERT_EQ(first.state, State::kOk);
  ASSERT_LT(first.bytes, head.size());
  Transport::Result blocked = first;
  size_t sent = 0;
  while (blocked.state == State::kOk) {
    sent += blocked.bytes;
    blocked = transport_.Write(head.substr(sent), body);
  }
  EXPECT_EQ(blocked.state, State::kWantWrite);
  std::string received;
  std::thread receiver([&] { received = ReceiveAll(client_.get()); });
  EXPECT_EQ(WriteBlocking(transport_, head.substr(sent), body), State::kOk);
  EXPECT_EQ(transport_.CloseWrite().state, State::kOk);
  receiver.join();
  EXPECT_TRUE(received == absl::StrCat(head, body));
}

TEST_F(PlainTransportTest, AnswersAfterThePeerHasClosedItsHalf) {
  Send("request");
  ASSERT_EQ(shutdown(client_.get(), SHUT_WR), 0);
  const ReadBytes got = ReadAllBlocking(transport_);
  EXPECT_EQ(got.bytes, "request");
  EXPECT_EQ(got.state, State::kEnd);
  EXPECT_EQ(ReadAllBlocking(transport_).state, State::kEnd);
  EXPECT_EQ(WriteBlocking(transport_, "answer", ""), State::kOk);
  EXPECT_EQ(transport_.CloseWrite().state, State::kOk);
  EXPECT_EQ(ReceiveAll(client_.get()), "answer");
}

TEST_F(PlainTransportTest, ReadsAfterCloseWrite) {
  ASSERT_EQ(transport_.CloseWrite().state, State::kOk);
  EXPECT_EQ(transport_.CloseWrite().state, State::kOk);
  EXPECT_EQ(ReceiveAll(client_.get()), "");
  Send("late");
  EXPECT_EQ(ReadBlocking(transport_, 4).bytes, "late");
}

TEST_F(PlainTransportTest, WritingToAClosedPeerIsAnErrorAndNoSignal) {
  client_.reset();
  EXPECT_EQ(transport_.Write("head", "body").state, State::kError);
  EXPECT_EQ(transport_.error(), "sendmsg: Broken pipe");
  std::array<char, 8> buffer;
  EXPECT_EQ(transport_.Read(absl::MakeSpan(buffer)).state, State::kError);
  EXPECT_EQ(transport_.Write("more", "").state, State::kError);
  EXPECT_EQ(transport_.CloseWrite().state, State::kError);
  EXPECT_EQ(transport_.error(), "sendmsg: Broken pipe");
}

// A peer that closes with unread bytes resets the connection (unix(7), tcp(7)).
TEST_F(PlainTransportTest, AResetIsAnErrorThatNamesTheCall) {
  ASSERT_EQ(transport_.Write("unread", "").bytes, 6u);
  client_.reset();
  std::array<char, 8> buffer;
  EXPECT_EQ(transport_.Read(absl::MakeSpan(buffer)).state, State::kError);
  EXPECT_THAT(transport_.error(), HasSubstr("recv: Connection reset"));
}

}  // namespace
}  // namespace tallyman::server
