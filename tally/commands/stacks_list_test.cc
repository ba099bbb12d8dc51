#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(StacksListTest, ListsTheStacks) {
  TallyServer server;
  const TallyResult none = server.Run({"stacks"});
  EXPECT_EQ(none.code, 0);
  EXPECT_THAT(none.output, IsEmpty());
  EXPECT_THAT(none.error, HasSubstr("There is no stack"));

  const std::string uid = server.MakeStack("shop", "web: exec sleep 1000\n");
  const TallyResult table = server.Run({"stacks", "list"});
  EXPECT_EQ(table.code, 0) << table.error;
  EXPECT_THAT(table.output, HasSubstr("NAME"));
  EXPECT_THAT(table.output, HasSubstr("shop"));
  EXPECT_THAT(table.output, HasSubstr(uid));

  const TallyResult json = server.Run({"--json", "stacks"});
  EXPECT_EQ(json.code, 0) << json.error;
  const nlohmann::json stacks = nlohmann::json::parse(json.output);
  ASSERT_EQ(stacks.size(), 1U);
  EXPECT_EQ(stacks[0]["name"], "shop");
}

}  // namespace
}  // namespace tallyman::tally
