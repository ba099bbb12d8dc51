#include "tally/actions/process_view.h"

#include "gtest/gtest.h"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

TEST(ProcessViewTest, ReadsCountsAndInstances) {
  const ProcessView process = ParseProcess(Json::parse(
      R"({"name":"web","command":"./web","state":"running",
          "servers":{"b":2,"a":1},"servers_pauses":{"a":1},
          "desired":{"a":1,"b":3},
          "instances":[{"server":"a","instance":1,"state":"paused","pid":7,
                        "restarts":2},
                       {"server":"b","instance":1,"state":"waiting",
                        "pid":null,"restarts":3}]})"));
  EXPECT_EQ(process.desired(), 4);
  EXPECT_EQ(process.running(), 3);
  EXPECT_EQ(process.restarts(), 5);
  EXPECT_EQ(process.On("b").desired, 3);
  EXPECT_EQ(process.On("c").desired, 0);
  EXPECT_TRUE(process.instances[0].runs());
  EXPECT_FALSE(process.instances[1].runs());
  EXPECT_EQ(DescribeCounts(process), "3 of 4 run (1 on a, 2 on b, 1 paused)");
}

TEST(ProcessViewTest, ToleratesOtherJson) {
  EXPECT_EQ(ParseProcess(Json::array()).name, "");
  EXPECT_EQ(ParseProcess(Json::parse(R"({"desired":[1]})")).desired(), 0);
}

}  // namespace
}  // namespace tallyman::tally
