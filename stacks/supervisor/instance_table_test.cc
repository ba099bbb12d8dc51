#include "stacks/supervisor/instance_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/instance_key.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const InstanceKey kWeb1 = {.stack_uid = "s", .process = "web", .number = 1};
const GroupKey kWeb = {"s", "web"};

TEST(InstanceTableTest, AnAddedInstanceIsInItsGroup) {
  InstanceTable table;
  EXPECT_EQ(table.Find(kWeb), nullptr);
  Instance& instance = table.Add(kWeb1);
  ASSERT_NE(table.Find(kWeb), nullptr);
  EXPECT_EQ(table.Find(kWeb), &table.GroupOf(instance));
  EXPECT_EQ(table.Find(kWeb)->stack_uid, "s");
  EXPECT_EQ(table.Find(kWeb)->process, "web");
  EXPECT_EQ(table.Find(kWeb)->instances.at(1).get(), &instance);
}

TEST(InstanceTableTest, AChangeSetsAllMarksAndTakingClearsThem) {
  InstanceTable table;
  table.Add(kWeb1);
  table.MarkToReconcile({"s", "clock"});
  EXPECT_TRUE(table.has_to_reconcile());
  EXPECT_THAT(table.TakeToReconcile(),
              ElementsAre(GroupKey("s", "clock"), kWeb));
  EXPECT_THAT(table.TakeToPublish(), ElementsAre(kWeb));
  EXPECT_TRUE(table.TakeActionsChanged());
  EXPECT_FALSE(table.has_to_reconcile());
  EXPECT_THAT(table.TakeToReconcile(), IsEmpty());
  EXPECT_THAT(table.TakeToPublish(), IsEmpty());
  EXPECT_FALSE(table.TakeActionsChanged());
}

TEST(InstanceTableTest, ActionsAreToBeEvaluatedAtFirst) {
  InstanceTable table;
  EXPECT_TRUE(table.TakeActionsChanged());
}

TEST(InstanceTableTest, AnErasedInstanceIsAChangeAndLeavesItsGroup) {
  InstanceTable table;
  const Instance& instance = table.Add(kWeb1);
  table.TakeToPublish();
  table.Erase(instance.key());
  ASSERT_NE(table.Find(kWeb), nullptr);
  EXPECT_THAT(table.Find(kWeb)->instances, IsEmpty());
  EXPECT_THAT(table.TakeToPublish(), ElementsAre(kWeb));
}

TEST(InstanceTableTest, AGroupIsUnusedIfItHasNoInstancesAndNoneAreDesired) {
  InstanceTable table;
  table.EraseIfUnused(kWeb);
  table.Add(kWeb1);
  table.EraseIfUnused(kWeb);
  ASSERT_NE(table.Find(kWeb), nullptr);
  table.Erase(kWeb1);
  table.Find(kWeb)->desired.count = 1;
  table.EraseIfUnused(kWeb);
  ASSERT_NE(table.Find(kWeb), nullptr);
  table.Find(kWeb)->desired.count = 0;
  table.EraseIfUnused(kWeb);
  EXPECT_EQ(table.Find(kWeb), nullptr);
}

}  // namespace
}  // namespace tallyman::stacks
