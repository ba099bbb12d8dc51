#include "stacks/supervisor/instance_store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/connection.h"
#include "storage/testing/test_database.h"

namespace tallyman::stacks {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

const absl::Time kNow =
    absl::FromUnixSeconds(1'600'000'000) + absl::Nanoseconds(7);

class InstanceStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    db_.Reopen();
    auto store = InstanceStore::Open(*db_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  void Put(const std::vector<InstanceRecord>& records) {
    absl::Status put = db_->Write([&](storage::Connection& connection) {
      for (const InstanceRecord& record : records) {
        absl::Status status = InstanceStore::Put(connection, record);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    });
    ASSERT_TRUE(put.ok()) << put;
  }

  std::vector<InstanceRecord> List() {
    auto records = store_->List();
    EXPECT_TRUE(records.ok()) << records.status();
    return records.ok() ? *std::move(records) : std::vector<InstanceRecord>();
  }

  static InstanceRecord Idle(int64_t number) {
    return {.key = {.stack_uid = "s", .process = "web", .number = number}};
  }

  static InstanceRecord Running(int64_t number) {
    InstanceRecord record = Idle(number);
    record.paused = true;
    record.restarts = 5;
    record.launch =
        LaunchRecord{.launch = "l",
                     .identity = {.boot_id = "b", .pid = 77, .start_ticks = 99},
                     .launch_hash = "h",
                     .generation = 4,
                     .started_at = kNow,
                     .confirmed = true};
    record.last_exit = "exited with code 3";
    record.last_exit_at = kNow - absl::Seconds(1);
    record.last_output = "Größe \"x\"";
    return record;
  }

  storage::TestDatabase db_;
  std::unique_ptr<InstanceStore> store_;
};

TEST_F(InstanceStoreTest, AllFieldsSurviveReopeningSortedByKey) {
  InstanceRecord other = Idle(1);
  other.key.process = "clock";
  Put({Running(10), Idle(2), other});
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_THAT(List(), ElementsAre(other, Idle(2), Running(10)));
  }
}

TEST_F(InstanceStoreTest, PutReplacesTheRecordWithTheSameKey) {
  Put({Idle(1), Running(2)});
  InstanceRecord unconfirmed = Running(1);
  unconfirmed.launch->confirmed = false;
  Put({unconfirmed, Idle(2)});
  EXPECT_THAT(List(), ElementsAre(unconfirmed, Idle(2)));
}

TEST_F(InstanceStoreTest, RemovingAMissingRecordIsOk) {
  Put({Idle(1), Idle(2)});
  const auto remove = [&](const InstanceKey& key) {
    return db_->Write([&](storage::Connection& connection) {
      return InstanceStore::Remove(connection, key);
    });
  };
  EXPECT_TRUE(remove(Idle(1).key).ok());
  EXPECT_TRUE(remove(Idle(1).key).ok());
  EXPECT_TRUE(remove({}).ok());
  EXPECT_THAT(List(), ElementsAre(Idle(2)));
}

TEST_F(InstanceStoreTest, AFailedTransactionWritesNoRecord) {
  absl::Status status = db_->Write([&](storage::Connection& connection) {
    EXPECT_TRUE(InstanceStore::Put(connection, Running(1)).ok());
    return absl::CancelledError("no");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(InstanceStoreTest, RemembersTheLastSignal) {
  EXPECT_EQ(store_->LastSignal().value(), 0);
  for (const int64_t id : {3, 12}) {
    ASSERT_TRUE(db_->Write([&](storage::Connection& connection) {
                     return InstanceStore::PutLastSignal(connection, id);
                   })
                    .ok());
    Reopen();
    EXPECT_EQ(store_->LastSignal().value(), id);
  }
}

TEST_F(InstanceStoreTest, TheServersUidIsMadeOnce) {
  std::vector<std::string> uids(4);
  std::vector<std::thread> threads;
  threads.reserve(uids.size());
  for (std::string& uid : uids) {
    threads.emplace_back([&] { uid = store_->ServerUid().value_or("failed"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(uids[0], MatchesRegex("[0-9a-f]{32}"));
  EXPECT_THAT(uids, Each(uids[0]));
  Reopen();
  EXPECT_EQ(*store_->ServerUid(), uids[0]);
}

}  // namespace
}  // namespace tallyman::stacks
