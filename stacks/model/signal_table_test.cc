#include "stacks/model/signal_table.h"

#include <csignal>
#include <optional>
#include <string_view>

#include "absl/algorithm/container.h"
#include "gtest/gtest.h"

namespace tallyman::stacks {
namespace {

TEST(SignalTableTest, EveryProgramSignalHasANumber) {
  for (const std::string_view name : kProgramSignals) {
    EXPECT_TRUE(IsProgramSignal(name)) << name;
    EXPECT_GT(ProgramSignalNumber(name).value_or(0), 0) << name;
  }
  EXPECT_TRUE(absl::c_is_sorted(kProgramSignals));
  EXPECT_EQ(ProgramSignalNumber("HUP"), SIGHUP);
  EXPECT_EQ(ProgramSignalNumber("USR1"), SIGUSR1);
  EXPECT_EQ(ProgramSignalNumber("WINCH"), SIGWINCH);
}

TEST(SignalTableTest, OtherNamesHaveNone) {
  for (const std::string_view name :
       {"", "hup", "SIGHUP", "1", "STOP", "TSTP", "SEGV", "none"}) {
    EXPECT_FALSE(IsProgramSignal(name)) << name;
    EXPECT_EQ(ProgramSignalNumber(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace tallyman::stacks
