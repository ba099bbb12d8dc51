#include "platform/process_selection.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ProcessFields kKnown =
    ProcessField::kName | ProcessField::kNumThreads;

// Processes 1 to 6 with 10 to 60 threads. The user is "even" or "odd"; the
// processes of `ended` are gone when they are filled in.
class ProcessSelectionTest : public testing::Test {
 protected:
  std::vector<int32_t> Select(const ProcessQuery& query) {
    std::vector<Process> all;
    for (int32_t pid = 1; pid <= 6; ++pid) {
      Process& process = all.emplace_back();
      process.pid = pid;
      process.num_threads = pid * 10;
    }
    std::vector<int32_t> pids;
    for (const Process& process : SelectProcesses(
             query, all, kKnown, [this](Process&process, ProcessFields fields) {
               return FillIn(process, fields);
             })) {
      pids.push_back(process.pid);
    }
    return pids;
  }

  bool FillIn(Process& process, ProcessFields fields) {
    EXPECT_FALSE(fields.Intersects(kKnown));
    std::string call = absl::StrCat(process.pid);
    if (fields.Intersects(ProcessField::kUser)) {
      call += "u";
      process.user = process.pid % 2 == 0 ? "even" : "odd";
    }
    if (fields.Intersects(ProcessField::kArguments)) call += "a";
    calls_.push_back(call);
    return process.pid != ended_;
  }

  int32_t ended_ = 0;
  std::vector<std::string> calls_;
};

bool IsEven(const Process& process) { return process.user == "even"; }
bool ByThreadsDown(const Process& a, const Process& b) {
  return a.num_threads > b.num_threads;
}

TEST_F(ProcessSelectionTest, KnownFieldsAreNotFilledIn) {
  EXPECT_THAT(Select({.fields = kKnown}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(ProcessSelectionTest, FillsInWhatIsAskedForAndNotMore) {
  EXPECT_THAT(
      Select({.fields = ProcessField::kUser | ProcessField::kName, .limit = 2}),
      ElementsAre(1, 2));
  EXPECT_THAT(calls_, ElementsAre("1u", "2u"));
}

TEST_F(ProcessSelectionTest, PidsMayRepeatAndBeUnknown) {
  EXPECT_THAT(Select({.fields = ProcessField::kUser,
                      .pids = std::vector<int32_t>{5, 2, 99, 5, -1}}),
              ElementsAre(2, 5));
  EXPECT_THAT(calls_, ElementsAre("2u", "5u"));
}

TEST_F(ProcessSelectionTest, TheConditionIsReadFirst) {
  EXPECT_THAT(Select({.fields = ProcessField::kArguments | ProcessField::kUser,
                      .condition = IsEven,
                      .condition_fields = ProcessField::kUser,
                      .limit = 1}),
              ElementsAre(2));
  EXPECT_THAT(calls_, ElementsAre("1u", "2u", "2a"));
}

TEST_F(ProcessSelectionTest, TheOrderNeedsAllAndTheRestFewProcesses) {
  EXPECT_THAT(Select({.fields = ProcessField::kArguments,
                      .order = ByThreadsDown,
                      .order_fields = ProcessField::kNumThreads,
                      .limit = 2}),
              ElementsAre(6, 5));
  EXPECT_THAT(calls_, ElementsAre("6a", "5a"));
}

TEST_F(ProcessSelectionTest, AnOrderOfAllReadsEachProcessOnce) {
  const auto by_user = [](const Process& a, const Process& b) {
    return a.user < b.user;
  };
  EXPECT_THAT(Select({.fields = ProcessField::kArguments,
                      .pids = std::vector<int32_t>{3, 2, 1},
                      .order = by_user,
                      .order_fields = ProcessField::kUser}),
              ElementsAre(2, 1, 3));
  EXPECT_THAT(calls_, ElementsAre("1ua", "2ua", "3ua"));
}

TEST_F(ProcessSelectionTest, ConditionAndOrder) {
  EXPECT_THAT(Select({.fields = ProcessField::kArguments,
                      .condition = IsEven,
                      .condition_fields = ProcessField::kUser,
                      .order = ByThreadsDown,
                      .order_fields = ProcessField::kNumThreads,
                      .limit = 1}),
              ElementsAre(6));
  EXPECT_THAT(calls_, ElementsAre("1u", "2u", "3u", "4u", "5u", "6u", "6a"));
}

TEST_F(ProcessSelectionTest, EqualProcessesGoByPid) {
  EXPECT_THAT(
      Select({.fields = kKnown,
              .order = [](const Process&, const Process&) { return false; }}),
      ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(ProcessSelectionTest, TheNextProcessTakesThePlaceOfOneThatHasEnded) {
  ended_ = 6;
  EXPECT_THAT(Select({.fields = ProcessField::kArguments,
                      .order = ByThreadsDown,
                      .order_fields = ProcessField::kNumThreads,
                      .limit = 2}),
              ElementsAre(5, 4));
  ended_ = 1;
  EXPECT_THAT(Select({.fields = ProcessField::kArguments, .limit = 2}),
              ElementsAre(2, 3));
}

TEST_F(ProcessSelectionTest, ALimitOfZeroReadsNothing) {
  EXPECT_THAT(Select({.fields = ProcessField::kUser, .limit = 0}), IsEmpty());
  EXPECT_THAT(calls_, IsEmpty());
}

}  // namespace
}  // namespace tallyman::platform
