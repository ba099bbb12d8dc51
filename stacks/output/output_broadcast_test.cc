#include "stacks/output/output_broadcast.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "stacks/output/testing/plain_renderer.h"

namespace tallyman::stacks {
namespace {

class OutputBroadcastTest : public testing::Test {
 protected:
  void Make(size_t max_bytes) {
    broadcast_ = std::make_shared<OutputBroadcast>(
        std::make_shared<const PlainRenderer>(), max_bytes);
  }

  std::unique_ptr<OutputFollower> Follow(int64_t instance = 0) {
    auto follower = broadcast_->Subscribe(instance, broadcast_->end());
    follower->Start([this] { ++wakes_; });
    return follower;
  }

  void Publish(int64_t instance, const std::string& text) {
    broadcast_->Publish(
        {{.instance = instance, .bytes = absl::StrCat(text, "\n")}});
  }

  static std::string Read(OutputFollower& follower, size_t max = 1 << 20) {
    std::string out;
    if (!follower.Read(max, out)) out += "(end)";
    return out;
  }

  std::shared_ptr<OutputBroadcast> broadcast_ =
      std::make_shared<OutputBroadcast>(std::make_shared<const PlainRenderer>(),
                                        size_t{1} << 20);
  int wakes_ = 0;
};

TEST_F(OutputBroadcastTest, FollowersGetWhatIsPublishedAfterTheyCame) {
  Publish(1, "before");
  const auto first = Follow();
  Publish(1, "a");
  const auto second = Follow();
  Publish(2, "b");
  EXPECT_EQ(Read(*first), "a\nb\n");
  EXPECT_EQ(Read(*second), "b\n");
  EXPECT_EQ(Read(*first), "");
  EXPECT_EQ(broadcast_->followers(), 2);
}

TEST_F(OutputBroadcastTest, AWaitingFollowerIsWokenOnce) {
  const auto follower = Follow();
  Publish(1, "a");
  EXPECT_EQ(wakes_, 0);  // Has not read yet.
  EXPECT_EQ(Read(*follower), "a\n");
  EXPECT_EQ(Read(*follower), "");
  Publish(1, "b");
  Publish(1, "c");
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Read(*follower), "b\nc\n");
}

TEST_F(OutputBroadcastTest, AReadIsBounded) {
  const auto follower = Follow();
  for (int i = 0; i < 10; ++i) Publish(1, "1234567");
  EXPECT_EQ(Read(*follower, 1).size(), 8);
  EXPECT_EQ(Read(*follower, 20).size(), 24);
  EXPECT_EQ(Read(*follower).size(), 48);
}

TEST_F(OutputBroadcastTest, AFollowerOfAnInstanceGetsNothingElse) {
  const auto follower = Follow(2);
  EXPECT_EQ(Read(*follower), "");
  Publish(1, "one");
  EXPECT_EQ(wakes_, 0);
  Publish(2, "two");
  EXPECT_EQ(wakes_, 1);
  Publish(1, "one");
  EXPECT_EQ(Read(*follower), "two\n");
  EXPECT_EQ(Read(*follower), "");
}

TEST_F(OutputBroadcastTest, ASlowFollowerLearnsHowMuchItLost) {
  Make(1000);
  const auto slow = Follow();
  const auto quick = Follow();
  std::string quick_read;
  for (int i = 1; i <= 100; ++i) {
    Publish(1, absl::StrCat(i));
    quick_read += Read(*quick);
  }
  const int64_t kept = broadcast_->end() - broadcast_->begin();
  EXPECT_LT(kept, 20);
  EXPECT_GT(kept, 5);
  std::string expected = absl::StrCat("gap(", 100 - kept, ")\n");
  for (int64_t i = 101 - kept; i <= 100; ++i) {
    absl::StrAppend(&expected, i, "\n");
  }
  EXPECT_EQ(Read(*slow), expected);
  EXPECT_EQ(quick_read.find("gap"), std::string::npos);
  // Once only.
  Publish(1, "last");
  EXPECT_EQ(Read(*slow), "last\n");
}

TEST_F(OutputBroadcastTest, OnlyLinesOfItsInstanceAreMissing) {
  Make(1000);
  const auto follower = Follow(2);
  for (int i = 1; i <= 100; ++i) Publish(1, absl::StrCat(i));
  EXPECT_EQ(Read(*follower), "");
  Publish(2, "a");
  Publish(2, "b");
  for (int i = 1; i <= 100; ++i) Publish(1, absl::StrCat(i));
  Publish(2, "c");
  const auto late = broadcast_->Subscribe(2, broadcast_->begin());
  EXPECT_EQ(Read(*follower), "gap(2)\nc\n");
  EXPECT_EQ(Read(*late), "c\n");
}

TEST_F(OutputBroadcastTest, AnEventLargerThanTheRingIsKept) {
  Make(10);
  const auto follower = Follow();
  Publish(1, std::string(1000, 'x'));
  EXPECT_EQ(Read(*follower).size(), 1001);
}

TEST_F(OutputBroadcastTest, AFollowerGoesOnWhereItWas) {
  for (int i = 1; i <= 5; ++i) Publish(1, absl::StrCat(i));
  const auto follower = broadcast_->Subscribe(0, 3);
  EXPECT_EQ(Read(*follower), "3\n4\n5\n");
}

TEST_F(OutputBroadcastTest, TheBacklogComesFirst) {
  const auto follower = Follow();
  follower->SetBacklog({"x\n", "y\n", "z\n"});
  Publish(1, "a");
  EXPECT_EQ(Read(*follower, 3), "x\ny\n");
  EXPECT_EQ(Read(*follower), "z\n");
  EXPECT_EQ(Read(*follower), "a\n");
}

TEST_F(OutputBroadcastTest, QuietStreamsGiveASignOfLife) {
  const auto quiet = Follow();
  const auto busy = Follow();
  Read(*quiet);
  Read(*busy);
  broadcast_->KeepAlive();
  Publish(1, "a");
  Read(*quiet);
  Read(*quiet);
  Read(*busy);
  Read(*busy);
  broadcast_->KeepAlive();
  Publish(1, "b");
  EXPECT_EQ(Read(*busy), "b\n");
  Read(*busy);
  EXPECT_EQ(Read(*quiet), "b\n");
  Read(*quiet);
  broadcast_->KeepAlive();
  wakes_ = 0;
  broadcast_->KeepAlive();
  EXPECT_EQ(wakes_, 2);
  EXPECT_EQ(Read(*busy), "alive\n");
  EXPECT_EQ(Read(*busy), "");
}

TEST_F(OutputBroadcastTest, TheEndComesAfterTheEvents) {
  const auto follower = Follow();
  const auto waiting = Follow();
  Read(*waiting);
  Publish(1, "a");
  Read(*waiting);
  Read(*waiting);
  wakes_ = 0;
  broadcast_->Close(OutputBroadcast::Reason::kRemoved);
  broadcast_->Close(OutputBroadcast::Reason::kStop);
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Read(*follower), "a\n");
  EXPECT_EQ(Read(*follower), "end\n(end)");
  EXPECT_EQ(Read(*waiting), "end\n(end)");
}

TEST_F(OutputBroadcastTest, AStopHasNoEvent) {
  const auto follower = Follow();
  broadcast_->Close(OutputBroadcast::Reason::kStop);
  EXPECT_EQ(Read(*follower), "(end)");
}

TEST_F(OutputBroadcastTest, FollowersLeaveInAnyOrder) {
  std::vector<std::unique_ptr<OutputFollower>> followers;
  for (int i = 0; i < 5; ++i) followers.push_back(Follow());
  for (auto& follower : followers) Read(*follower);
  followers.erase(followers.begin() + 1);
  followers.erase(followers.begin());
  followers.pop_back();
  Publish(1, "a");
  EXPECT_EQ(wakes_, 2);
  for (auto& follower : followers) EXPECT_EQ(Read(*follower), "a\n");
  followers.clear();
  EXPECT_EQ(broadcast_->followers(), 0);
}

TEST_F(OutputBroadcastTest, AFollowerMayOutliveItsBroadcast) {
  const auto follower = Follow();
  Publish(1, "a");
  broadcast_.reset();
  EXPECT_EQ(Read(*follower), "a\n");
}

}  // namespace
}  // namespace tallyman::stacks
