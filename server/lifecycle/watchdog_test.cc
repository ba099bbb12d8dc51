#include "server/lifecycle/watchdog.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The watchdog runs on the test's own thread, so the test decides what happens
// between two checks; how long they are apart does not matter.
class WatchdogTest : public testing::Test {
 protected:
  // `on_check` runs in each check, before its result.
  void Start(std::function<void()> on_check) {
    on_check_ = std::move(on_check);
    watchdog_ = Watchdog::Start(loop_, {.time = absl::Milliseconds(10),
                                        .progress =
                                            [this] {
                                              if (checks_++ > 0) on_check_();
                                              return threads_;
                                            },
                                        .ping = [this] { ++pings_; },
                                        .on_hang =
                                            [this](std::string_view name) {
                                              hangs_.emplace_back(name);
                                            }});
  }
  void RunChecks(int count) {
    for (const int end = checks_ + count; checks_ < end;) loop_.RunOnce();
  }
  void Advance(size_t thread) { ++threads_[thread].rounds; }

  base::EventLoop loop_;
  std::vector<Progress> threads_ = {{.name = "first"}, {.name = "second"}};
  int checks_ = 0;
  int pings_ = 0;
  std::vector<std::string> hangs_;
  std::function<void()> on_check_;
  std::unique_ptr<Watchdog> watchdog_;
};

TEST_F(WatchdogTest, PingsWhileAllThreadsMakeProgress) {
  Start([this] {
    Advance(0);
    Advance(1);
  });
  RunChecks(5);
  EXPECT_EQ(pings_, 5);
  EXPECT_THAT(hangs_, IsEmpty());
}

TEST_F(WatchdogTest, OneThreadThatHangsLeadsToNoPing) {
  Start([this] { Advance(0); });
  RunChecks(5);
  EXPECT_EQ(pings_, 0);
  EXPECT_THAT(hangs_, ElementsAre("second"));
}

TEST_F(WatchdogTest, PingsAgainOnceTheThreadGoesOn) {
  bool hangs = false;
  Start([&] {
    Advance(1);
    if (!hangs) Advance(0);
  });
  RunChecks(2);
  hangs = true;
  RunChecks(3);
  EXPECT_EQ(pings_, 2);
  hangs = false;
  RunChecks(2);
  EXPECT_EQ(pings_, 4);
  EXPECT_THAT(hangs_, ElementsAre("first"));
  hangs = true;
  RunChecks(1);
  EXPECT_THAT(hangs_, ElementsAre("first", "first"));
}

// A thread that is slow makes a round in several checks.
TEST_F(WatchdogTest, ASlowThreadIsAskedOftener) {
  Start([this] {
    Advance(1);
    if (checks_ % 3 == 0) Advance(0);
  });
  RunChecks(9);
  EXPECT_EQ(pings_, 3);
}

TEST_F(WatchdogTest, ThreadsMayBeginAndEnd) {
  threads_.clear();
  Start([this] {
    if (checks_ == 3) threads_ = {{.name = "first", .rounds = 7}};
    if (checks_ == 5) threads_.clear();
  });
  // None, none, one begins, it hangs, it ends.
  RunChecks(5);
  EXPECT_EQ(pings_, 4);
  EXPECT_THAT(hangs_, ElementsAre("first"));
}

}  // namespace
}  // namespace tallyman::server
