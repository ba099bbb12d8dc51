#include "stacks/registry/event_feed.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/event_ring.h"
#include "storage/testing/test_database.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using From = EventStart::From;

// One word for each part of a stream.
class WordRenderer final : public EventRenderer {
 public:
  void Begin(std::optional<int64_t> id, std::string& out) const override {
    if (id) absl::StrAppend(&out, "begin:", *id, " ");
  }
  void Append(const Event& event, std::string& out) const override {
    absl::StrAppend(&out, event.id, ":", event.cause, " ");
  }
  void Gap(const EventGap& gap, std::string& out) const override {
    absl::StrAppend(
        &out, gap.reason == EventGap::Reason::kUnknown ? "unknown:" : "gap:",
        gap.from, "-", gap.to, " ");
  }
  void KeepAlive(std::optional<int64_t> id, std::string& out) const override {
    absl::StrAppend(&out, "alive:", id.value_or(0), " ");
  }
};

// Reads a stream as the transport does.
class Client {
 public:
  explicit Client(std::unique_ptr<EventFollower> follower,
                  size_t max_bytes = 100)
      : follower_(std::move(follower)), max_bytes_(max_bytes) {
    follower_->Start([state = state_] {
      absl::MutexLock lock(&state->mutex);
      ++state->wakes;
    });
  }

  // Waits for the next word; "end" if the stream has ended.
  std::string Next() {
    while (true) {
      if (const size_t end = bytes_.find(' '); end != std::string::npos) {
        std::string word = bytes_.substr(0, end);
        bytes_.erase(0, end + 1);
        return word;
      }
      const int seen = wakes();
      if (!follower_->Read(max_bytes_, bytes_)) return "end";
      if (!bytes_.empty()) continue;
      absl::MutexLock lock(&state_->mutex);
      const auto is_woken = [&] {
        state_->mutex.AssertReaderHeld();
        return state_->wakes > seen;
      };
      state_->mutex.Await(absl::Condition(&is_woken));
    }
  }
  std::vector<std::string> Next(int count) {
    std::vector<std::string> words;
    for (int i = 0; i < count; ++i) words.push_back(Next());
    return words;
  }

  // Reads until there is nothing to read, so that the next event wakes.
  void ExpectNothing() {
    EXPECT_TRUE(follower_->Read(max_bytes_, bytes_));
    EXPECT_EQ(bytes_, "");
  }

  int wakes() const {
    absl::MutexLock lock(&state_->mutex);
    return state_->wakes;
  }

 private:
  struct State {
    absl::Mutex mutex;
    int wakes ABSL_GUARDED_BY(mutex) = 0;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  const std::unique_ptr<EventFollower> follower_;
  const size_t max_bytes_;
  std::string bytes_;
};

class EventFeedTest : public testing::Test {
 protected:
  void SetUp() override { Restart({}); }

  void Restart(EventLog::Options log,
               EventFeed::Options feed = {.interval = absl::ZeroDuration(),
                                          .keep_alive = absl::Hours(1)}) {
    feed_.reset();
    log_.reset();
    db_.Reopen();
    log_ = EventLog::Open(*db_, log).value();
    feed_ = EventFeed::Start(*log_, std::make_shared<const WordRenderer>(),
                             std::move(feed))
                .value();
  }

  // Appends events with the causes `first`, `first` + 1, ...
  void Append(std::string_view stack_uid, int first, int count = 1,
              EventKind kind = EventKind::kStarted,
              std::string_view process = "web") {
    std::vector<Event> events;
    events.reserve(count);
    for (int i = 0; i < count; ++i) {
      events.push_back({.time = absl::UnixEpoch(),
                        .kind = kind,
                        .stack_uid = std::string(stack_uid),
                        .process = std::string(process),
                        .cause = absl::StrCat(first + i)});
    }
    CHECK_OK(log_->Append(events));
  }

  Client Follow(EventFilter filter = {}, const EventStart& start = {},
                size_t max_bytes = 100) {
    return Client(feed_->Follow(std::move(filter), start).value(), max_bytes);
  }

  storage::TestDatabase db_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<EventFeed> feed_;
};

TEST_F(EventFeedTest, AStreamHasTheKeptEventsAndThenTheNewOnes) {
  Append("a", 1, 2);
  Client client = Follow();
  EXPECT_THAT(client.Next(2), ElementsAre("1:1", "2:2"));
  Append("b", 3);
  EXPECT_EQ(client.Next(), "3:3");
}

TEST_F(EventFeedTest, NowBeginsWithTheNextEvent) {
  Append("a", 1, 2);
  Client client = Follow({}, {.from = From::kNow});
  EXPECT_EQ(client.Next(), "begin:2");
  Append("a", 3);
  EXPECT_EQ(client.Next(), "3:3");
}

TEST_F(EventFeedTest, ResumesOverARestartWithoutLossOrRepetition) {
  Append("a", 1, 2);
  {
    Client client = Follow();
    EXPECT_THAT(client.Next(2), ElementsAre("1:1", "2:2"));
  }
  Append("a", 3);
  Restart({});
  Append("a", 4);
  Client client = Follow({}, {.from = From::kAfter, .after = 2});
  Append("a", 5);
  EXPECT_THAT(client.Next(3), ElementsAre("3:3", "4:4", "5:5"));
}

TEST_F(EventFeedTest, AFilterPassesItsEventsOnlyAndHolesAreNoGaps) {
  Append("b", 1, 100);
  Client stack = Follow({.stack_uid = "a"}, {.from = From::kAfter, .after = 0});
  Client kinds = Follow({.kinds = {EventKind::kExited, EventKind::kLost}});
  Client process = Follow({.process = "worker"});
  Append("a", 101);
  Append("b", 102, 1, EventKind::kExited);
  Append("b", 103, 1, EventKind::kStopped, "worker");
  Append("b", 104, 1, EventKind::kLost, "worker");
  Append("a", 105);
  EXPECT_THAT(stack.Next(2), ElementsAre("101:101", "105:105"));
  EXPECT_THAT(kinds.Next(2), ElementsAre("102:102", "104:104"));
  EXPECT_THAT(process.Next(2), ElementsAre("103:103", "104:104"));
}

TEST_F(EventFeedTest, EventsOfOthersWakeNobody) {
  Client a = Follow({.stack_uid = "a"}, {.from = From::kNow});
  Client b = Follow({.stack_uid = "b"}, {.from = From::kNow});
  EXPECT_EQ(a.Next(), "begin:0");
  EXPECT_EQ(b.Next(), "begin:0");
  Append("a", 1);
  EXPECT_EQ(a.Next(), "1:1");
  a.ExpectNothing();
  const int before = a.wakes();
  std::thread reader([&] { EXPECT_EQ(b.Next(), "102:102"); });
  // Each of them is read before the next, so they are not published together.
  Client all = Follow({}, {.from = From::kNow});
  EXPECT_EQ(all.Next(), "begin:1");
  for (int i = 2; i <= 101; ++i) {
    Append("c", i);
    EXPECT_EQ(all.Next(), absl::StrCat(i, ":", i));
  }
  Append("b", 102);
  reader.join();
  EXPECT_EQ(a.wakes(), before);
  Append("a", 103);
  EXPECT_EQ(a.Next(), "103:103");
  EXPECT_EQ(a.wakes(), before + 1);
}

TEST_F(EventFeedTest, RetentionIsAGapAlsoAfterARestart) {
  Restart({.max_events_per_stack = 3});
  Append("b", 1, 2);
  Append("a", 3, 5);  // 6 and 7, and ...
  Append("a", 8);     // ... this one stay.
  for (const bool is_restarted : {false, true}) {
    if (is_restarted) Restart({.max_events_per_stack = 3});
    Client later =
        Follow({.stack_uid = "a"}, {.from = From::kAfter, .after = 3});
    EXPECT_THAT(later.Next(4), ElementsAre("gap:4-5", "6:6", "7:7", "8:8"));
    Client all = Follow({}, {.from = From::kAfter, .after = 1});
    EXPECT_THAT(all.Next(5),
                ElementsAre("gap:2-5", "2:2", "6:6", "7:7", "8:8"));
    // Nothing of these is missing.
    Client other =
        Follow({.stack_uid = "b"}, {.from = From::kAfter, .after = 0});
    EXPECT_THAT(other.Next(2), ElementsAre("1:1", "2:2"));
    Client kept =
        Follow({.stack_uid = "a"}, {.from = From::kAfter, .after = 5});
    EXPECT_THAT(kept.Next(3), ElementsAre("6:6", "7:7", "8:8"));
    Client oldest = Follow({.stack_uid = "a"});
    EXPECT_THAT(oldest.Next(3), ElementsAre("6:6", "7:7", "8:8"));
  }
}

TEST_F(EventFeedTest, AnIdThatTheLogNeverHadIsUnknown) {
  Append("a", 1, 3);
  Client future = Follow({}, {.from = From::kAfter, .after = 4});
  EXPECT_THAT(future.Next(2), ElementsAre("begin:3", "unknown:1-3"));
  Client unknown = Follow({}, {.from = From::kUnknown});
  EXPECT_THAT(unknown.Next(2), ElementsAre("begin:3", "unknown:1-3"));
  Append("a", 4);
  EXPECT_EQ(future.Next(), "4:4");
  EXPECT_EQ(unknown.Next(), "4:4");
}

TEST_F(EventFeedTest, ASlowReaderGetsEverythingFromTheLog) {
  Restart({}, {.interval = absl::ZeroDuration(),
               .keep_alive = absl::Hours(1),
               .ring_bytes = 2000,
               .piece_bytes = 50});
  Client slow = Follow({.stack_uid = "a"}, {.from = From::kNow}, 10);
  EXPECT_EQ(slow.Next(), "begin:0");
  Client fast = Follow({}, {.from = From::kNow});
  EXPECT_EQ(fast.Next(), "begin:0");
  for (int i = 1; i <= 400; i += 2) {
    Append("a", i);
    Append("b", i + 1);
    EXPECT_THAT(fast.Next(2), ElementsAre(absl::StrCat(i, ":", i),
                                          absl::StrCat(i + 1, ":", i + 1)));
  }
  for (int i = 1; i <= 400; i += 2) {
    ASSERT_EQ(slow.Next(), absl::StrCat(i, ":", i));
  }
  Append("a", 401);
  EXPECT_EQ(slow.Next(), "401:401");
}

TEST_F(EventFeedTest, ASlowReaderLosesWhatRetentionRemoves) {
  Restart({.max_events_per_stack = 10}, {.interval = absl::ZeroDuration(),
                                         .keep_alive = absl::Hours(1),
                                         .ring_bytes = 1});
  Client slow = Follow({}, {.from = From::kNow});
  EXPECT_EQ(slow.Next(), "begin:0");
  Client fast = Follow({}, {.from = From::kNow});
  EXPECT_EQ(fast.Next(), "begin:0");
  for (int i = 1; i <= 30; ++i) {
    Append("a", i);
    EXPECT_EQ(fast.Next(), absl::StrCat(i, ":", i));
  }
  EXPECT_EQ(slow.Next(), "gap:1-20");
  for (int i = 21; i <= 30; ++i) {
    ASSERT_EQ(slow.Next(), absl::StrCat(i, ":", i));
  }
}

TEST_F(EventFeedTest, ManyRowsThatDoNotMatchArePassed) {
  Append("a", 1, 1000);
  Append("a", 1001, 1, EventKind::kLost);
  Client client = Follow({.kinds = {EventKind::kLost}});
  EXPECT_EQ(client.Next(), "1001:1001");
}

TEST_F(EventFeedTest, ReadersAndWritersAtTheSameTimeLoseNothing) {
  constexpr int kWriters = 3;
  constexpr int kEach = 40;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([this] {
      for (int i = 0; i < kEach; ++i) Append("a", 0);
    });
  }
  for (int r = 0; r < kWriters; ++r) {
    threads.emplace_back([this] {
      Client client = Follow();
      for (int i = 1; i <= kWriters * kEach; ++i) {
        ASSERT_EQ(client.Next(), absl::StrCat(i, ":0"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(EventFeedTest, AQuietStreamGivesSignsOfLifeWithItsPlace) {
  Restart({}, {.interval = absl::ZeroDuration(),
               .keep_alive = absl::Milliseconds(1)});
  Append("a", 1);
  Client client = Follow({.stack_uid = "a"});
  EXPECT_EQ(client.Next(), "1:1");
  EXPECT_EQ(client.Next(), "alive:0");
  Append("b", 2);
  std::string word = client.Next();
  while (word == "alive:0") word = client.Next();
  EXPECT_EQ(word, "alive:2");
  EXPECT_EQ(client.Next(), "alive:0");
}

TEST_F(EventFeedTest, StreamsEndWithTheFeed) {
  Client client = Follow({}, {.from = From::kNow});
  EXPECT_EQ(client.Next(), "begin:0");
  std::thread reader([&] { EXPECT_EQ(client.Next(), "end"); });
  feed_.reset();
  reader.join();
  Append("a", 1);
}

}  // namespace
}  // namespace tallyman::stacks
