#include "stacks/supervisor/status_publisher.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::SizeIs;

class StatusPublisherTest : public testing::Test {
 protected:
  static InstanceKey Key(int64_t number) {
    return {.stack_uid = "stack", .process = "worker", .number = number};
  }

  Instance& AddRunning(int64_t number) {
    Instance& instance = table_.Add(Key(number));
    instance.phase = Phase::kRunning;
    instance.record.launch =
        LaunchRecord{.launch = "launch",
                     .identity = {.pid = static_cast<int32_t>(100 + number),
                                  .start_ticks = 7},
                     .started_at = absl::FromUnixSeconds(10),
                     .confirmed = true};
    return instance;
  }

  InstanceTable table_;
  std::vector<std::shared_ptr<const StatusSnapshot>> published_;
  StatusPublisher publisher_{
      "here", [this](std::shared_ptr<const StatusSnapshot> status) {
        published_.push_back(std::move(status));
      }};
};

TEST_F(StatusPublisherTest, TheStatusShowsEachInstance) {
  AddRunning(1);
  AddRunning(2).record.paused = true;
  AddRunning(3).leaving = true;
  AddRunning(4).phase = Phase::kHeld;
  table_.Add(Key(5)).failures = 1;
  table_.Add(Key(6)).failures = 3;
  const ProcessStatus status = MakeStatus(*table_.Find(GroupKeyOf(Key(1))));
  std::vector<std::string_view> states;
  for (const InstanceStatus& instance : status.instances) {
    states.push_back(InstanceStateName(instance.state));
  }
  EXPECT_THAT(states, ElementsAre("running", "paused", "stopping", "starting",
                                  "waiting", "crash-looping"));
  // Paused instances count as running.
  EXPECT_EQ(status.running, 2);
  EXPECT_EQ(status.paused, 1);
  EXPECT_EQ(status.instances[0].pid, 101);
  EXPECT_EQ(status.instances[4].pid, 0);
  EXPECT_EQ(status.instances[0].launch, "launch");
  EXPECT_EQ(status.instances[0].start_ticks, 7);
  EXPECT_EQ(status.instances[4].launch, "");
  EXPECT_EQ(status.instances[4].start_ticks, -1);
}

TEST_F(StatusPublisherTest, AnInstanceThatCanNotStartShowsTheReason) {
  table_.Add(Key(1)).failure = "no such user";
  const ProcessStatus status = MakeStatus(*table_.Find(GroupKeyOf(Key(1))));
  EXPECT_EQ(status.instances[0].last_exit, "no such user");
}

TEST_F(StatusPublisherTest, TheCountsOfTheGroupAreShown) {
  AddRunning(1);
  InstanceGroup& group = *table_.Find(GroupKeyOf(Key(1)));
  group.counts = {.restarts = 1, .exits = 2, .start_failures = 3};
  const LifeCounts counts = MakeStatus(group).counts;
  EXPECT_EQ(counts.restarts, 1);
  EXPECT_EQ(counts.exits, 2);
  EXPECT_EQ(counts.start_failures, 3);
}

TEST_F(StatusPublisherTest, NothingIsPublishedWithoutAChange) {
  publisher_.Publish(table_);
  EXPECT_THAT(published_, IsEmpty());
  AddRunning(1);
  publisher_.Publish(table_);
  publisher_.Publish(table_);
  ASSERT_THAT(published_, SizeIs(1));
  EXPECT_EQ(published_[0]->server_uid, "here");
  EXPECT_THAT(published_[0]->Find("stack", "worker"), NotNull());
}

TEST_F(StatusPublisherTest, UnchangedGroupsAreShared) {
  AddRunning(1);
  table_.Add({.stack_uid = "stack", .process = "clock", .number = 1});
  publisher_.Publish(table_);
  table_.MarkChanged(Key(1));
  publisher_.Publish(table_);
  ASSERT_THAT(published_, SizeIs(2));
  EXPECT_EQ(published_[0]->Find("stack", "clock"),
            published_[1]->Find("stack", "clock"));
  EXPECT_NE(published_[0]->Find("stack", "worker"),
            published_[1]->Find("stack", "worker"));
}

TEST_F(StatusPublisherTest, AGroupWithoutInstancesIsLeftOut) {
  AddRunning(1);
  publisher_.Publish(table_);
  table_.Erase(Key(1));
  publisher_.Publish(table_);
  ASSERT_THAT(published_, SizeIs(2));
  EXPECT_THAT(published_[1]->Find("stack", "worker"), IsNull());
  // Earlier snapshots stay as they are.
  EXPECT_THAT(published_[0]->Find("stack", "worker"), NotNull());
}

}  // namespace
}  // namespace tallyman::stacks
