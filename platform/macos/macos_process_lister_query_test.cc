// Which calls a query takes, and which it does not.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/macos/fake_macos_system.h"
#include "platform/macos/macos_process_lister.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using namespace std::string_view_literals;

constexpr ProcessFields kTableFields = ProcessFields(ProcessField::kName) |
                                       ProcessField::kParentPid |
                                       ProcessField::kStartTime;

// Processes 1 to 4; process n has n * 10 threads, and the pid is in its
// arguments.
class MacosProcessListerQueryTest : public testing::Test {
 protected:
  MacosProcessListerQueryTest() {
    auto system = std::make_unique<FakeMacosSystem>();
    system_ = system.get();
    for (int32_t pid = 1; pid <= 4; ++pid) system_->Add(Numbered(pid));
    lister_ = MakeMacosProcessLister(std::move(system), {});
  }

  static FakeProcess Numbered(int32_t pid) {
    return {.pid = pid,
            .name = absl::StrCat("p", pid),
            .num_threads = pid * 10,
            .arguments_block = ArgumentsBlock(
                1, "/a", absl::StrCat("argument-", pid, "\0"sv))};
  }

  ProcessSnapshot List(const ProcessQuery& query) const {
    absl::StatusOr<ProcessSnapshot> snapshot = lister_->List(query);
    CHECK_OK(snapshot);
    return *std::move(snapshot);
  }

  std::vector<int32_t> Pids(const ProcessQuery& query) const {
    const ProcessSnapshot snapshot = List(query);
    std::vector<int32_t> pids;
    for (const Process& process : snapshot.processes()) {
      pids.push_back(process.pid);
    }
    return pids;
  }

  FakeMacosSystem* system_;  // Owned by the lister.
  std::unique_ptr<ProcessLister> lister_;
};

bool ByThreadsDown(const Process& a, const Process& b) {
  return a.num_threads > b.num_threads;
}

TEST_F(MacosProcessListerQueryTest, FieldsOfTheTableTakeOneCall) {
  const ProcessSnapshot snapshot = List({.fields = kTableFields});
  ASSERT_EQ(snapshot.processes().size(), 4u);
  EXPECT_EQ(snapshot.processes()[3].name, "p4");
  EXPECT_EQ(snapshot.processes()[3].num_threads, -1);
  EXPECT_EQ(snapshot.processes()[3].user, "");
  EXPECT_THAT(system_->calls(), ElementsAre("table"));
  EXPECT_THAT(system_->looked_up(), IsEmpty());
}

TEST_F(MacosProcessListerQueryTest, TheUserTakesNoCallForAProcess) {
  List({.fields = kTableFields | ProcessField::kUser});
  EXPECT_THAT(system_->calls(), ElementsAre("table"));
  EXPECT_THAT(system_->looked_up(), ElementsAre(501));
}

TEST_F(MacosProcessListerQueryTest, FieldsOfTheTaskTakeItsCall) {
  for (const ProcessField field :
       {ProcessField::kNumThreads, ProcessField::kResidentBytes,
        ProcessField::kVirtualBytes, ProcessField::kCpuTime,
        ProcessField::kState}) {
    const size_t before = system_->calls().size();
    Pids({.fields = field, .limit = 2});
    const std::vector<std::string> calls = system_->calls();
    EXPECT_THAT(std::vector<std::string>(calls.begin() + before, calls.end()),
                ElementsAre("table", "task 1", "task 2"));
  }
  EXPECT_THAT(system_->looked_up(), IsEmpty());
}

TEST_F(MacosProcessListerQueryTest, TheWitnessComesAfterTheUsage) {
  List({.fields = ProcessField::kStorageIo, .limit = 1});
  EXPECT_THAT(system_->calls(), ElementsAre("table", "usage 1", "task 1"));
}

TEST_F(MacosProcessListerQueryTest, ThePeakIsInTheUsage) {
  List({.fields = ProcessField::kPeakResidentBytes, .limit = 1});
  EXPECT_THAT(system_->calls(), ElementsAre("table", "usage 1", "task 1"));
}

TEST_F(MacosProcessListerQueryTest, TheWitnessComesAfterTheArguments) {
  List({.fields = ProcessField::kArguments, .limit = 1});
  EXPECT_THAT(system_->calls(), ElementsAre("table", "arguments 1", "task 1"));
}

TEST_F(MacosProcessListerQueryTest, AllFieldsTakeThreeCallsForAProcess) {
  List({.limit = 1});
  EXPECT_THAT(system_->calls(),
              ElementsAre("table", "arguments 1", "usage 1", "task 1"));
}

TEST_F(MacosProcessListerQueryTest, TheStateOfStoppedProcessesTakesNoCall) {
  system_->At(2).status = ProcessStatus::kStopped;
  system_->At(3).status = ProcessStatus::kZombie;
  List({.fields = ProcessField::kState});
  EXPECT_THAT(system_->calls(), ElementsAre("table", "task 1", "task 4"));
}

TEST_F(MacosProcessListerQueryTest, ALimitOfZeroTakesNoCallsForProcesses) {
  EXPECT_THAT(Pids({.limit = 0}), IsEmpty());
  EXPECT_THAT(system_->calls(), ElementsAre("table"));
}

TEST_F(MacosProcessListerQueryTest, ChosenPids) {
  EXPECT_THAT(Pids({.fields = ProcessField::kNumThreads,
                    .pids = std::vector<int32_t>{4, 2, 99, 4, -1}}),
              ElementsAre(2, 4));
  EXPECT_THAT(system_->calls(), ElementsAre("table", "task 2", "task 4"));
}

TEST_F(MacosProcessListerQueryTest, AConditionOnTheTableTakesNoCalls) {
  EXPECT_THAT(
      Pids({.condition =
                [](const Process& process) { return process.name == "p3"; },
            .condition_fields = ProcessField::kName}),
      ElementsAre(3));
  EXPECT_THAT(system_->calls(),
              ElementsAre("table", "arguments 3", "usage 3", "task 3"));
}

TEST_F(MacosProcessListerQueryTest, AConditionIsReadFirst) {
  const ProcessSnapshot snapshot =
      List({.fields = ProcessField::kArguments | ProcessField::kCpuTime,
            .condition =
                [](const Process& process) { return process.num_threads > 20; },
            .condition_fields = ProcessField::kNumThreads,
            .limit = 1});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].arguments, "argument-3");
  EXPECT_THAT(system_->calls(), ElementsAre("table", "task 1", "task 2",
                                            "task 3", "arguments 3", "task 3"));
}

TEST_F(MacosProcessListerQueryTest, OneCallHasAllFieldsOfTheTask) {
  const ProcessSnapshot snapshot =
      List({.fields = ProcessField::kCpuTime | ProcessField::kState,
            .condition =
                [](const Process& process) { return process.num_threads > 20; },
            .condition_fields = ProcessField::kNumThreads});
  ASSERT_EQ(snapshot.processes().size(), 2u);
  EXPECT_EQ(snapshot.processes()[0].state, ProcessState::kSleeping);
  EXPECT_THAT(system_->calls(),
              ElementsAre("table", "task 1", "task 2", "task 3", "task 4"));
}

// The first reading decided; the list shows the values that it saw.
TEST_F(MacosProcessListerQueryTest, TheConditionHoldsForTheListedValues) {
  int calls = 0;
  const ProcessSnapshot snapshot =
      List({.fields = ProcessField::kArguments,
            .pids = std::vector<int32_t>{2},
            .condition =
                [&](const Process& process) {
                  ++calls;
                  system_->At(2).num_threads = 1000;
                  return process.num_threads == 20;
                },
            .condition_fields = ProcessField::kNumThreads});
  EXPECT_EQ(calls, 1);
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].num_threads, 20);
  EXPECT_EQ(snapshot.processes()[0].arguments, "argument-2");
}

TEST_F(MacosProcessListerQueryTest, AConditionOnZombies) {
  system_->At(2).status = ProcessStatus::kZombie;
  EXPECT_THAT(Pids({.fields = ProcessField::kArguments,
                    .condition =
                        [](const Process& process) {
                          return process.state == ProcessState::kZombie;
                        },
                    .condition_fields = ProcessField::kState}),
              ElementsAre(2));
  EXPECT_THAT(system_->calls(),
              ElementsAre("table", "task 1", "task 3", "task 4"));
}

TEST_F(MacosProcessListerQueryTest, TheOrderNeedsAllAndTheRestFewProcesses) {
  EXPECT_THAT(Pids({.fields = ProcessField::kArguments,
                    .order = ByThreadsDown,
                    .order_fields = ProcessField::kNumThreads,
                    .limit = 1}),
              ElementsAre(4));
  EXPECT_THAT(system_->calls(),
              ElementsAre("table", "task 1", "task 2", "task 3", "task 4",
                          "arguments 4", "task 4"));
}

TEST_F(MacosProcessListerQueryTest, AnOrderOfAllFillsInEachProcessOnce) {
  for (const size_t limit : {size_t{4}, ProcessQuery().limit}) {
    const int64_t before = system_->num_calls();
    EXPECT_THAT(Pids({.order = ByThreadsDown,
                      .order_fields = ProcessField::kNumThreads,
                      .limit = limit}),
                ElementsAre(4, 3, 2, 1));
    EXPECT_EQ(system_->num_calls() - before, 1 + 3 * 4);
  }
}

TEST_F(MacosProcessListerQueryTest, AnOrderOfAllThatMeetACondition) {
  EXPECT_THAT(
      Pids({.fields = ProcessField::kArguments,
            .condition =
                [](const Process& process) { return process.num_threads > 30; },
            .condition_fields = ProcessField::kNumThreads,
            .order = ByThreadsDown,
            .order_fields = ProcessField::kNumThreads}),
      ElementsAre(4));
  EXPECT_THAT(system_->calls(),
              ElementsAre("table", "task 1", "task 2", "task 3", "task 4",
                          "arguments 4", "task 4"));
}

TEST_F(MacosProcessListerQueryTest, AnOrderOfChosenPidsFillsInEachOnce) {
  EXPECT_THAT(Pids({.pids = std::vector<int32_t>{1, 2},
                    .order = ByThreadsDown,
                    .order_fields = ProcessField::kNumThreads,
                    .limit = 2}),
              ElementsAre(2, 1));
  EXPECT_EQ(system_->num_calls(), 1 + 3 * 2);
}

// The process with the most threads ends after the order saw it.
TEST_F(MacosProcessListerQueryTest, TheNextTakesThePlaceOfAnEndedProcess) {
  system_->At(4).arguments_outcome = CallOutcome::kEnded;
  EXPECT_THAT(Pids({.fields = ProcessField::kArguments,
                    .order = ByThreadsDown,
                    .order_fields = ProcessField::kNumThreads,
                    .limit = 2}),
              ElementsAre(3, 2));
}

// Every combination of the kinds of fields that are filled in one after the
// other: at most four calls for a process, each process is complete.
TEST_F(MacosProcessListerQueryTest, AtMostFourCallsForAProcessInTwoSteps) {
  const std::vector<ProcessField> kinds = {
      ProcessField::kArguments, ProcessField::kStorageIo,
      ProcessField::kCpuTime, ProcessField::kState, ProcessField::kUser};
  for (uint32_t first = 0; first < 1u << kinds.size(); ++first) {
    ProcessFields fields;
    for (size_t i = 0; i < kinds.size(); ++i) {
      if ((first >> i & 1) != 0) fields |= kinds[i];
    }
    const int64_t before = system_->num_calls();
    const ProcessSnapshot snapshot =
        List({.condition = [](const Process&) { return true; },
              .condition_fields = fields});
    ASSERT_LE(system_->num_calls() - before, 1 + 4 * 4) << first;
    for (const Process& process : snapshot.processes()) {
      ASSERT_EQ(process.arguments, absl::StrCat("argument-", process.pid));
      ASSERT_EQ(process.storage_read_bytes, 111);
      ASSERT_EQ(process.num_threads, process.pid * 10);
      ASSERT_EQ(process.state, ProcessState::kSleeping);
      ASSERT_EQ(process.user, "501");
    }
  }
}

TEST_F(MacosProcessListerQueryTest, UsersAreLookedUpOnceForAList) {
  for (int32_t pid = 5; pid <= 300; ++pid) {
    FakeProcess process = Numbered(pid);
    process.uid = 500 + static_cast<uint32_t>(pid % 3);
    system_->Add(process);
  }
  system_->SetUserName(501, "one");
  const ProcessSnapshot snapshot = List({.fields = ProcessField::kUser});
  EXPECT_THAT(system_->looked_up(), UnorderedElementsAre(500, 501, 502));
  EXPECT_EQ(snapshot.processes()[0].user, "one");
  EXPECT_EQ(snapshot.processes()[298].user, "502");
  EXPECT_EQ(snapshot.processes()[299].user, "500");
  // A new name shows in the next list.
  system_->SetUserName(502, "two");
  EXPECT_EQ(List({.fields = ProcessField::kUser}).processes()[298].user, "two");
  EXPECT_EQ(system_->looked_up().size(), 6u);
}

// Users of processes that are not listed are not looked up.
TEST_F(MacosProcessListerQueryTest, UsersOfOtherProcessesAreNotLookedUp) {
  system_->At(4).uid = 88;
  List({.fields = ProcessField::kUser, .pids = std::vector<int32_t>{4}});
  EXPECT_THAT(system_->looked_up(), ElementsAre(88));
}

TEST_F(MacosProcessListerQueryTest, Lists20000Processes) {
  constexpr int32_t kCount = 20'000;
  for (int32_t pid = kCount; pid > 4; --pid) system_->Add(Numbered(pid));
  ASSERT_EQ(Pids({.fields = kTableFields}).size(), size_t{kCount});
  // The second list has a buffer for the number of the first one.
  const int64_t before = system_->num_calls();
  const ProcessSnapshot snapshot = List({});
  EXPECT_EQ(system_->num_calls() - before, 1 + 3 * kCount);
  ASSERT_EQ(snapshot.processes().size(), size_t{kCount});
  for (int32_t i = 0; i < kCount; ++i) {
    const Process& process = snapshot.processes()[i];
    ASSERT_EQ(process.pid, i + 1);
    ASSERT_EQ(process.name, absl::StrCat("p", i + 1));
    ASSERT_EQ(process.arguments, absl::StrCat("argument-", i + 1));
    ASSERT_EQ(process.num_threads, (i + 1) * 10);
  }
}

}  // namespace
}  // namespace tallyman::platform
