#include "platform/process.h"

#include <string_view>

#include "gtest/gtest.h"

namespace tallyman::platform {
namespace {

using namespace std::string_view_literals;

TEST(ProcessStateTest, NamesRoundTrip) {
  for (const std::string_view name :
       {"running", "sleeping", "disk-sleep", "stopped", "tracing-stop",
        "zombie", "dead", "idle", "parked"}) {
    const auto state = ParseProcessState(name);
    ASSERT_TRUE(state.has_value()) << name;
    EXPECT_EQ(ProcessStateName(*state), name);
  }
  EXPECT_EQ(ProcessStateName(ProcessState::kUnknown), "");
  EXPECT_FALSE(ParseProcessState("").has_value());
  EXPECT_FALSE(ParseProcessState("Running").has_value());
}

TEST(ProcessFieldsTest, AreASet) {
  const ProcessFields some = ProcessField::kName | ProcessField::kUser;
  EXPECT_TRUE(some.Intersects(ProcessField::kUser));
  EXPECT_FALSE(some.Intersects(ProcessField::kState));
  EXPECT_FALSE(ProcessFields().Intersects(ProcessFields::All()));
  EXPECT_TRUE(ProcessFields::All().Intersects(ProcessField::kVirtualBytes));
}

TEST(CommandLineTest, JoinsWithOneSpace) {
  Process process;
  EXPECT_EQ(CommandLine(process), "");
  process.arguments = "sh\0-c\0\0sleep 1"sv;
  EXPECT_EQ(CommandLine(process), "sh -c  sleep 1");
}

}  // namespace
}  // namespace tallyman::platform
