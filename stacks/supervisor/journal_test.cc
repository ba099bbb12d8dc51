#include "stacks/supervisor/journal.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_log.h"
#include "stacks/supervisor/instance_store.h"
#include "storage/connection.h"
#include "storage/testing/test_database.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    auto events = EventLog::Open(*db_, {});
    CHECK_OK(events);
    events_ = *std::move(events);
    auto instances = InstanceStore::Open(*db_);
    CHECK_OK(instances);
    instances_ = *std::move(instances);
    journal_.emplace(*db_, *events_, "here");
  }

  static InstanceRecord Record(int64_t number) {
    return {.key = {.stack_uid = "s", .process = "web", .number = number}};
  }

  std::vector<InstanceRecord> Records() { return instances_->List().value(); }
  std::vector<Event> Events() { return events_->List("s", {}).value().events; }

  void Run(std::string_view sql) {
    CHECK_OK(db_->Write([&](storage::Connection& connection) -> absl::Status {
      auto statement = connection.Prepare(sql);
      if (!statement.ok()) return statement.status();
      return statement->Run();
    }));
  }

  storage::TestDatabase db_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<InstanceStore> instances_;
  std::optional<Journal> journal_;
};

TEST_F(JournalTest, NothingIsDurableBeforeTheCommit) {
  journal_->Put(Record(1));
  journal_->AddEvent(EventKind::kStarted, Record(1), "why");
  EXPECT_FALSE(journal_->empty());
  EXPECT_THAT(Records(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
  ASSERT_TRUE(journal_->Commit().ok());
  EXPECT_TRUE(journal_->empty());
  EXPECT_THAT(Records(), ElementsAre(Record(1)));
  EXPECT_THAT(Events(), SizeIs(1));
}

TEST_F(JournalTest, TheLastChangeOfAKeyWins) {
  journal_->Put(Record(1));
  journal_->Remove(Record(1).key);
  journal_->Remove(Record(2).key);
  journal_->Put(Record(2));
  ASSERT_TRUE(journal_->Commit().ok());
  EXPECT_THAT(Records(), ElementsAre(Record(2)));
}

TEST_F(JournalTest, AnEventNamesInstanceServerAndProcess) {
  InstanceRecord record = Record(3);
  record.launch = LaunchRecord{.launch = "l", .identity = {.pid = 77}};
  journal_->AddEvent(EventKind::kStopping, record, "scaled to 0");
  ASSERT_TRUE(journal_->Commit().ok());
  const std::vector<Event> events = Events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind, EventKind::kStopping);
  EXPECT_EQ(events[0].process, "web");
  EXPECT_EQ(events[0].server_uid, "here");
  EXPECT_EQ(events[0].instance, 3);
  EXPECT_EQ(events[0].pid, 77);
  EXPECT_EQ(events[0].launch, "l");
  EXPECT_EQ(events[0].cause, "scaled to 0");
}

TEST_F(JournalTest, ActionsRunAfterTheCommitAndMayAddToTheNextOne) {
  int runs = 0;
  journal_->Put(Record(1));
  journal_->AfterCommit([&] {
    ++runs;
    EXPECT_THAT(Records(), ElementsAre(Record(1)));
    journal_->Put(Record(2));
    journal_->AfterCommit([&] { runs += 10; });
  });
  ASSERT_TRUE(journal_->Commit().ok());
  EXPECT_EQ(runs, 1);
  EXPECT_THAT(Records(), ElementsAre(Record(1)));
  ASSERT_TRUE(journal_->Commit().ok());
  EXPECT_EQ(runs, 11);
  EXPECT_THAT(Records(), ElementsAre(Record(1), Record(2)));
}

TEST_F(JournalTest, AFailedCommitKeepsEverythingForTheNext) {
  bool ran = false;
  journal_->Put(Record(1));
  journal_->AddEvent(EventKind::kStarted, Record(1), "why");
  journal_->AfterCommit([&] { ran = true; });
  Run("ALTER TABLE instances RENAME TO away");
  EXPECT_FALSE(journal_->Commit().ok());
  EXPECT_FALSE(ran);
  EXPECT_THAT(Events(), IsEmpty());
  Run("ALTER TABLE away RENAME TO instances");
  ASSERT_TRUE(journal_->Commit().ok());
  EXPECT_TRUE(ran);
  EXPECT_THAT(Records(), ElementsAre(Record(1)));
  EXPECT_THAT(Events(), SizeIs(1));
}

}  // namespace
}  // namespace tallyman::stacks
