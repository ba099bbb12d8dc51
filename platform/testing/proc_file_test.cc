#include "platform/testing/proc_file.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::platform {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(ProcFileTest, ReadsTheFilesOfAProcess) {
  EXPECT_THAT(ReadProc(getpid(), "cmdline"), Optional(HasSubstr("proc_file")));
  const std::vector<std::string> stat = ReadStat(getpid());
  ASSERT_GT(stat.size(), 2u);
  EXPECT_EQ(stat[0], "R");
  EXPECT_EQ(stat[1], std::to_string(getppid()));
  EXPECT_TRUE(StartTicks(getpid()).has_value());
  EXPECT_THAT(ListNumbers("/proc"), Contains(getpid()));
}

TEST(ProcFileTest, AnUnreadableFileIsNullopt) {
  EXPECT_EQ(ReadProc(getpid(), "none"), std::nullopt);
  // open(2) succeeds, but read(2) fails: there is no memory at address 0.
  EXPECT_EQ(ReadProc(getpid(), "mem"), std::nullopt);
  EXPECT_TRUE(ReadStat(0).empty());
  EXPECT_EQ(StartTicks(0), std::nullopt);
}

}  // namespace
}  // namespace tallyman::platform
