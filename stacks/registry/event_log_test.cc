#include "stacks/registry/event_log.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "storage/connection.h"
#include "storage/pagination.h"
#include "storage/testing/test_database.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow =
    absl::FromUnixSeconds(1'600'000'000) + absl::Nanoseconds(7);

class EventLogTest : public testing::Test {
 protected:
  void SetUp() override { Reopen({}); }

  void Reopen(EventLog::Options options) {
    log_.reset();
    db_.Reopen();
    auto log = EventLog::Open(*db_, options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  // Appends `count` events, with the causes `first`, `first` + 1, ...
  void Append(std::string_view stack_uid, int first, int count = 1) {
    std::vector<Event> events;
    events.reserve(count);
    for (int i = 0; i < count; ++i) {
      events.push_back({.time = kNow,
                        .kind = EventKind::kStarted,
                        .stack_uid = std::string(stack_uid),
                        .cause = absl::StrCat(first + i)});
    }
    absl::Status appended = log_->Append(events);
    ASSERT_TRUE(appended.ok()) << appended;
  }

  EventPage List(std::string_view stack_uid,
                 const storage::PageRequest& page = {}) {
    auto result = log_->List(stack_uid, page);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : EventPage();
  }

  std::vector<std::string> Causes(std::string_view stack_uid,
                                  const storage::PageRequest& page = {}) {
    std::vector<std::string> causes;
    for (const Event& event : List(stack_uid, page).events) {
      causes.push_back(event.cause);
    }
    return causes;
  }

  storage::TestDatabase db_;
  std::unique_ptr<EventLog> log_;
};

TEST(EventKindTest, ParsesItsNames) {
  EXPECT_EQ(EventKindName(EventKind::kActionStarted), "action_started");
  EXPECT_EQ(EventKindName(EventKind::kStartFailed), "start_failed");
  EXPECT_EQ(EventKindName(EventKind::kLost), "lost");
  for (int i = 0; i <= static_cast<int>(kLastEventKind); ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(ParseEventKind(EventKindName(kind)), kind) << i;
  }
  EXPECT_EQ(ParseEventKind("unknown"), std::nullopt);
  EXPECT_EQ(ParseEventKind(""), std::nullopt);
}

TEST_F(EventLogTest, AllFieldsSurviveReopening) {
  const Event event = {.time = kNow,
                       .kind = EventKind::kExited,
                       .stack_uid = "s",
                       .process = "web.1",
                       .server_uid = "m",
                       .instance = 3,
                       .pid = 4321,
                       .launch = "l",
                       .cause = "exited with code 3, \"Größe\"",
                       .action_id = 12,
                       .user = "deploy"};
  ASSERT_TRUE(log_->Append({event}).ok());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen({});
    const EventPage page = List("s");
    ASSERT_THAT(page.events, SizeIs(1));
    const Event& read = page.events[0];
    EXPECT_EQ(read.id, 1);
    EXPECT_EQ(read.time, event.time);
    EXPECT_EQ(read.kind, event.kind);
    EXPECT_EQ(read.stack_uid, event.stack_uid);
    EXPECT_EQ(read.process, event.process);
    EXPECT_EQ(read.server_uid, event.server_uid);
    EXPECT_EQ(read.instance, event.instance);
    EXPECT_EQ(read.pid, event.pid);
    EXPECT_EQ(read.launch, event.launch);
    EXPECT_EQ(read.cause, event.cause);
    EXPECT_EQ(read.action_id, event.action_id);
    EXPECT_EQ(read.user, event.user);
  }
}

TEST_F(EventLogTest, PagesOfAStackAreNewestFirst) {
  Append("a", 1, 5);
  Append("b", 100, 2);
  Append("a", 6);
  EXPECT_THAT(Causes("a", {.page = 1, .per_page = 4}),
              ElementsAre("6", "5", "4", "3"));
  const EventPage last = List("a", {.page = 2, .per_page = 4});
  ASSERT_THAT(last.events, SizeIs(2));
  EXPECT_EQ(last.events[1].cause, "1");
  EXPECT_EQ(last.info.count, 6);
  EXPECT_EQ(last.info.pages, 2);
  EXPECT_EQ(last.info.previous, 1);
  EXPECT_EQ(last.info.next, std::nullopt);
  EXPECT_THAT(Causes("a", {.page = 3, .per_page = 4}), IsEmpty());
  EXPECT_THAT(Causes("nothing"), IsEmpty());
  EXPECT_THAT(Causes("", {.page = 1, .per_page = 4}),
              ElementsAre("6", "101", "100", "5"));
  EXPECT_EQ(List("").info.count, 8);
  EXPECT_EQ(log_->List("a", {.page = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EventLogTest, FiltersAreForPagesAndRuns) {
  ASSERT_TRUE(
      log_->Append(
              {{.kind = EventKind::kStarted,
                .stack_uid = "a",
                .process = "web"},
               {.kind = EventKind::kExited, .stack_uid = "a", .process = "web"},
               {.kind = EventKind::kExited,
                .stack_uid = "b",
                .process = "worker"},
               {.kind = EventKind::kStackDeleted, .stack_uid = "a"}})
          .ok());
  const auto ids = [&](const EventFilter& filter, int64_t after) {
    const EventPage page = log_->List(filter, after, {}).value();
    EXPECT_EQ(page.info.count, static_cast<int64_t>(page.events.size()));
    std::vector<int64_t> listed;
    for (const Event& event : page.events) listed.push_back(event.id);
    const EventRun run = log_->ReadAfter(filter, after, 10).value();
    EXPECT_EQ(run.end, 4);
    EXPECT_EQ(run.last_id, 4);
    std::vector<int64_t> read;
    for (const Event& event : run.events) read.insert(read.begin(), event.id);
    EXPECT_EQ(read, listed);
    return listed;
  };
  const std::vector<EventKind> exited = {EventKind::kExited};
  EXPECT_THAT(ids({}, 0), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(ids({}, 2), ElementsAre(4, 3));
  EXPECT_THAT(ids({.stack_uid = "a"}, 1), ElementsAre(4, 2));
  EXPECT_THAT(ids({.kinds = exited}, 0), ElementsAre(3, 2));
  EXPECT_THAT(
      ids({.kinds = {EventKind::kStackDeleted, EventKind::kStarted}}, 0),
      ElementsAre(4, 1));
  EXPECT_THAT(ids({.stack_uid = "a", .kinds = exited}, 0), ElementsAre(2));
  EXPECT_THAT(ids({.process = "worker"}, 0), ElementsAre(3));
  EXPECT_THAT(ids({.stack_uid = "a", .process = "worker"}, 0), IsEmpty());
}

TEST_F(EventLogTest, ARunEndsAtItsRows) {
  Append("a", 1, 5);
  EventRun run = log_->ReadAfter({}, 1, 2).value();
  EXPECT_THAT(run.events, SizeIs(2));
  EXPECT_EQ(run.end, 3);
  EXPECT_EQ(run.last_id, 5);
  // None of its rows matches.
  run = log_->ReadAfter({.kinds = {EventKind::kLost}}, 1, 2).value();
  EXPECT_THAT(run.events, IsEmpty());
  EXPECT_EQ(run.end, 3);
  run = log_->ReadAfter({}, 2, 0).value();
  EXPECT_THAT(run.events, IsEmpty());
  EXPECT_EQ(run.end, 2);
  EXPECT_EQ(run.last_id, 5);
}

TEST_F(EventLogTest, KnowsWhatAnOlderVersionRemoved) {
  ASSERT_TRUE(
      log_->Append({{.kind = EventKind::kStackCreated, .stack_uid = "whole"},
                    {.stack_uid = "cut"},
                    {.stack_uid = "whole"},
                    {.stack_uid = "cut"}})
          .ok());
  ASSERT_TRUE(db_->Write([](storage::Connection& connection) {
                   return connection.Execute(
                       "DELETE FROM events WHERE id = 2;"
                       "DROP TABLE event_removals;"
                       "DELETE FROM schema_versions "
                       "WHERE name = 'create event_removals'");
                 })
                  .ok());
  Reopen({});
  EXPECT_EQ(log_->ReadAfter({}, 0, 0)->removed_id, 3);
  EXPECT_EQ(log_->ReadAfter({.stack_uid = "cut"}, 0, 0)->removed_id, 3);
  EXPECT_EQ(log_->ReadAfter({.stack_uid = "whole"}, 0, 0)->removed_id, 0);
}

TEST_F(EventLogTest, EventsAreRolledBackWithTheirTransaction) {
  absl::Status status = db_->Write([&](storage::Connection& connection) {
    const Event event = {.time = kNow, .stack_uid = "a"};
    absl::Status appended = log_->Append(connection, {event});
    EXPECT_TRUE(appended.ok()) << appended;
    return absl::CancelledError("no");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(List("a").info.count, 0);
  EXPECT_TRUE(log_->Append({}).ok());
  Append("a", 1);
  EXPECT_EQ(List("a").info.count, 1);
}

TEST_F(EventLogTest, RemovesTheOldestOfAStack) {
  Reopen({.max_events_per_stack = 3});
  Append("b", 100, 3);
  Append("a", 1, 3);
  EXPECT_THAT(Causes("a"), ElementsAre("3", "2", "1"));
  Append("a", 4);
  EXPECT_THAT(Causes("a"), ElementsAre("4", "3", "2"));
  // Also if one call appends more than the limit.
  Append("a", 5, 10);
  EXPECT_THAT(Causes("a"), ElementsAre("14", "13", "12"));
  EXPECT_EQ(List("a").info.count, 3);
  EXPECT_THAT(Causes("b"), ElementsAre("102", "101", "100"));
  // Ids continue.
  EXPECT_EQ(List("a").events[0].id, 17);
}

TEST_F(EventLogTest, ExceedsTheLimitByAtMostATenth) {
  Reopen({.max_events_per_stack = 20});
  int64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    Append("a", i);
    const int64_t count = List("a").info.count;
    EXPECT_LE(count, 22);
    EXPECT_GE(count, std::min(i + 1, 20));
    most = std::max(most, count);
  }
  EXPECT_EQ(most, 22);
  EXPECT_EQ(Causes("a")[0], "99");
}

TEST_F(EventLogTest, EventsOfARemovedStackMakeRoomForOthers) {
  Reopen({.max_events_per_stack = 100, .max_events = 9});
  Append("gone", 1, 4);
  Append("", 50, 1);
  Append("a", 1, 4);
  EXPECT_EQ(List("gone").info.count, 4);
  Append("a", 5, 3);
  EXPECT_THAT(Causes("gone"), ElementsAre("4"));
  Append("b", 1, 3);
  EXPECT_THAT(Causes("gone"), IsEmpty());
  EXPECT_THAT(Causes("a"), ElementsAre("7", "6", "5", "4", "3", "2"));
  EXPECT_THAT(Causes("b"), ElementsAre("3", "2", "1"));
  EXPECT_EQ(List("a").info.count, 6);
  // A lower limit takes effect at the next event.
  Reopen({.max_events_per_stack = 100, .max_events = 2});
  Append("b", 4);
  EXPECT_THAT(Causes("a"), IsEmpty());
  EXPECT_THAT(Causes("b"), ElementsAre("4", "3"));
}

TEST_F(EventLogTest, AppliesBothLimits) {
  Reopen({.max_events_per_stack = 3, .max_events = 5});
  Append("a", 1, 3);
  Append("b", 1, 6);
  EXPECT_THAT(Causes("a"), ElementsAre("3", "2"));
  EXPECT_THAT(Causes("b"), ElementsAre("6", "5", "4"));
}

TEST_F(EventLogTest, CountsTheEventsOfAllStacks) {
  EXPECT_EQ(*log_->Count(), 0);
  Append("a", 1, 3);
  Append("b", 1, 2);
  EXPECT_EQ(*log_->Count(), 5);
  Reopen({.max_events_per_stack = 1});
  EXPECT_EQ(*log_->Count(), 5);
  Append("a", 4);
  EXPECT_EQ(*log_->Count(), 3);
}

TEST_F(EventLogTest, LimitsMustBePositive) {
  EXPECT_EQ(EventLog::Open(*db_, {.max_events_per_stack = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(EventLog::Open(*db_, {.max_events = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tallyman::stacks
