#include "server/watch/difference_broadcast.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

constexpr size_t kAll = 1000;

class DifferenceBroadcastTest : public testing::Test {
 protected:
  // A reader that is in the broadcast.
  class Client {
   public:
    explicit Client(DifferenceBroadcast& broadcast) : broadcast_(broadcast) {
      broadcast_.Add(reader_);
      broadcast_.SetWake(reader_, [this] { ++wakes; });
    }
    ~Client() { broadcast_.Remove(reader_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // "END" at the end.
    std::string Read(size_t max_bytes = kAll) {
      std::string out;
      return broadcast_.Read(reader_, max_bytes, out) ? out : "END";
    }

    int wakes = 0;

   private:
    DifferenceBroadcast& broadcast_;
    DifferenceBroadcast::Reader reader_;
  };

  void GiveSnapshot(std::string text) {
    broadcast_.GiveSnapshot(
        std::make_shared<const std::string>(std::move(text)));
  }

  int notified_ = 0;
  DifferenceBroadcast broadcast_ =
      DifferenceBroadcast(/*max_bytes=*/10, [this] { ++notified_; });
};

TEST_F(DifferenceBroadcastTest, AReaderGetsASnapshotAndThenDifferences) {
  Client client(broadcast_);
  EXPECT_EQ(notified_, 1);
  EXPECT_TRUE(broadcast_.NeedsSnapshot());
  EXPECT_EQ(client.Read(), "");
  // It is part of the snapshot to come.
  broadcast_.Publish("a");
  EXPECT_EQ(client.Read(), "");
  EXPECT_EQ(client.wakes, 0);
  GiveSnapshot("[a]");
  EXPECT_FALSE(broadcast_.NeedsSnapshot());
  EXPECT_EQ(client.wakes, 1);
  EXPECT_EQ(client.Read(), "[a]");
  EXPECT_EQ(client.Read(), "");
  broadcast_.Publish("b");
  broadcast_.Publish("c");
  EXPECT_EQ(client.wakes, 2);
  EXPECT_EQ(client.Read(), "bc");
  EXPECT_EQ(client.Read(), "");
  EXPECT_EQ(broadcast_.version(), 3u);
  EXPECT_EQ(notified_, 1);
}

TEST_F(DifferenceBroadcastTest, ALaterReaderGetsALaterSnapshot) {
  Client first(broadcast_);
  GiveSnapshot("[]");
  broadcast_.Publish("a");
  Client second(broadcast_);
  GiveSnapshot("[a]");
  broadcast_.Publish("b");
  EXPECT_EQ(first.Read(), "[]ab");
  EXPECT_EQ(second.Read(), "[a]b");
}

TEST_F(DifferenceBroadcastTest, ALongEventIsReadInPieces) {
  Client client(broadcast_);
  GiveSnapshot("0123456789");
  broadcast_.Publish("ab");
  EXPECT_EQ(client.Read(4), "0123");
  EXPECT_EQ(client.Read(4), "4567");
  EXPECT_EQ(client.Read(3), "89a");
  EXPECT_EQ(client.Read(4), "b");
  EXPECT_EQ(client.Read(4), "");
}

TEST_F(DifferenceBroadcastTest, AReaderThatIsBehindGetsASnapshotAgain) {
  Client slow(broadcast_);
  Client fast(broadcast_);
  GiveSnapshot("[]");
  EXPECT_EQ(slow.Read(1), "[");
  EXPECT_EQ(fast.Read(), "[]");
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string difference = absl::StrCat("<", i, ">");
    broadcast_.Publish(difference);
    all += difference;
    EXPECT_EQ(fast.Read(), difference);
  }
  // The event that it has begun stays whole.
  EXPECT_EQ(slow.Read(), "]");
  EXPECT_TRUE(broadcast_.NeedsSnapshot());
  EXPECT_EQ(slow.Read(), "");
  GiveSnapshot("[100]");
  EXPECT_EQ(slow.wakes, 1);
  broadcast_.Publish("z");
  EXPECT_EQ(slow.Read(), "[100]z");
  EXPECT_EQ(fast.Read(), "z");
}

TEST_F(DifferenceBroadcastTest, AReaderWithinTheKeptDifferencesGoesOn) {
  Client client(broadcast_);
  GiveSnapshot("[]");
  EXPECT_EQ(client.Read(), "[]");
  // Ten bytes are kept.
  for (int i = 0; i < 10; ++i) broadcast_.Publish(absl::StrCat(i));
  EXPECT_EQ(client.Read(), "0123456789");
  // One is kept, however large.
  broadcast_.Publish(std::string(100, 'x'));
  EXPECT_EQ(client.Read(), std::string(100, 'x'));
}

TEST_F(DifferenceBroadcastTest, QuietReadersGetASignOfLife) {
  Client client(broadcast_);
  GiveSnapshot("[]");
  broadcast_.KeepAlive();
  EXPECT_EQ(client.Read(), "[]");
  EXPECT_EQ(client.Read(), "");
  broadcast_.KeepAlive();
  EXPECT_EQ(client.wakes, 0);
  broadcast_.KeepAlive();
  EXPECT_EQ(client.wakes, 1);
  EXPECT_EQ(client.Read(), ": keep-alive\n\n");
  EXPECT_EQ(client.Read(), "");
  broadcast_.Publish("a");
  EXPECT_EQ(client.Read(), "a");
  broadcast_.KeepAlive();
  EXPECT_EQ(client.Read(), "");
}

TEST_F(DifferenceBroadcastTest, TheLastReaderThatLeavesIsNoticed) {
  {
    Client first(broadcast_);
    { Client second(broadcast_); }
    EXPECT_EQ(broadcast_.readers(), 1);
    EXPECT_EQ(notified_, 2);
  }
  EXPECT_EQ(broadcast_.readers(), 0);
  EXPECT_EQ(notified_, 3);
}

TEST_F(DifferenceBroadcastTest, ClosingEndsAllStreams) {
  {
    Client client(broadcast_);
    GiveSnapshot("[]");
    EXPECT_EQ(client.Read(), "[]");
    EXPECT_EQ(client.Read(), "");
    broadcast_.Close();
    EXPECT_EQ(client.wakes, 1);
    EXPECT_EQ(client.Read(), "END");
  }
  EXPECT_EQ(notified_, 1);
}

}  // namespace
}  // namespace tallyman::server
