// Which processes a query lists, in which order, and which files it reads: the
// tests leave out files that must not be read.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/testing/listing.h"
#include "platform/testing/proc_tree.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using namespace std::string_view_literals;

TEST(ProcessQueryTest, ReadsOnlyStatForItsFields) {
  const ProcTree tree;
  ProcFiles files = OrdinaryProcess(5, "a) (b", "");
  tree.Add(5, {.stat = files.stat});
  const ProcessSnapshot snapshot = ListAt(
      tree.root(),
      {.fields = ProcessField::kName | ProcessField::kState |
                 ProcessField::kNumThreads | ProcessField::kParentPid |
                 ProcessField::kVirtualBytes | ProcessField::kResidentBytes});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  const Process& process = snapshot.processes()[0];
  EXPECT_EQ(process.name, "a) (b");
  EXPECT_EQ(process.state, ProcessState::kSleeping);
  EXPECT_EQ(process.num_threads, 2);
  EXPECT_EQ(process.parent_pid, 1);
  EXPECT_EQ(process.virtual_bytes, 16 << 20);
  EXPECT_EQ(process.resident_bytes, -1);
  EXPECT_EQ(process.peak_resident_bytes, -1);
}

TEST(ProcessQueryTest, ReadsOnlyStatmForItsFields) {
  const ProcTree tree;
  const ProcFiles files = OrdinaryProcess(5, "p", "p\0-v\0"sv);
  tree.Add(5, {.statm = files.statm, .cmdline = files.cmdline});
  const ProcessSnapshot snapshot =
      ListAt(tree.root(), {.fields = ProcessField::kArguments |
                                     ProcessField::kResidentBytes |
                                     ProcessField::kVirtualBytes});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].arguments, "p\0-v"sv);
  EXPECT_EQ(snapshot.processes()[0].virtual_bytes, 16 << 20);
  EXPECT_EQ(snapshot.processes()[0].resident_bytes, 8 << 20);
}

TEST(ProcessQueryTest, ReadsOnlyStatForTheSession) {
  const ProcTree tree;
  tree.Add(5, {.stat = "5 (p) S 1 5 4 0 -1 4194304 100 0 0 0 150 50 0 0 20 -7 "
                       "2 0 500 16777216 9 9\n"});
  const ProcessSnapshot snapshot = ListAt(
      tree.root(), {.fields = ProcessField::kSession | ProcessField::kNice});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].session, 4);
  EXPECT_EQ(snapshot.processes()[0].nice, -7);
  EXPECT_EQ(snapshot.processes()[0].cgroup, "");
}

TEST(ProcessQueryTest, ReadsTheCgroupOnlyIfTheQueryHasIt) {
  const ProcTree tree;
  const ProcFiles files = OrdinaryProcess(5, "p", "");
  tree.Add(5, {.statm = files.statm, .cgroup = "0::/a.service\n"});
  const auto cgroup_with = [&](ProcessFields fields) {
    const ProcessSnapshot snapshot = ListAt(tree.root(), {.fields = fields});
    return std::string(snapshot.processes().at(0).cgroup);
  };
  EXPECT_EQ(cgroup_with(ProcessField::kCgroup), "/a.service");
  EXPECT_EQ(cgroup_with(ProcessField::kResidentBytes), "");
}

TEST(ProcessQueryTest, AProcessWithoutMemoryHasNoArguments) {
  const ProcTree tree;
  tree.Add(5, {.statm = "0 0 0 0 0 0 0\n", .cmdline = "it ended"});
  const ProcessSnapshot snapshot =
      ListAt(tree.root(), {.fields = ProcessField::kArguments});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].arguments, "");
}

TEST(ProcessQueryTest, ReadsStatusForThePeakAndTheUser) {
  const ProcTree tree;
  const ProcFiles files = OrdinaryProcess(5, "p", "");
  tree.Add(5, {.status = files.status});
  const ProcessSnapshot snapshot =
      ListAt(tree.root(),
             {.fields = ProcessField::kName | ProcessField::kPeakResidentBytes |
                        ProcessField::kUser});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].name, "p");
  EXPECT_EQ(snapshot.processes()[0].peak_resident_bytes, 9 << 20);
  EXPECT_EQ(snapshot.processes()[0].user, "jblow");
}

TEST(ProcessQueryTest, LeavesOutEndedProcessesWhicheverFilesItReads) {
  const ProcTree tree;
  tree.Add(5, {.cmdline = "the process is ending"});
  for (const ProcessFields fields :
       {ProcessFields(ProcessField::kName), ProcessFields::All(),
        ProcessFields(ProcessField::kArguments),
        ProcessFields(ProcessField::kStorageIo),
        ProcessFields(ProcessField::kStartTime)}) {
    EXPECT_THAT(Pids(ListAt(tree.root(), {.fields = fields})), IsEmpty());
  }
}

// Adds processes 1 to `count`; every tenth has the name "tenth". Process n has
// n MiB resident up to n = 250, and 500 - n MiB from there on.
void AddMany(const ProcTree& tree, int32_t count) {
  for (int32_t pid = 1; pid <= count; ++pid) {
    ProcFiles files = OrdinaryProcess(pid, pid % 10 == 0 ? "tenth" : "other",
                                      absl::StrCat("argument-", pid));
    const int32_t megabytes = pid <= 250 ? pid : 500 - pid;
    const int64_t pages = (int64_t{megabytes} << 20) / sysconf(_SC_PAGESIZE);
    files.statm = absl::StrCat("999999 ", pages, " 0 0 0 0 0\n");
    files.status = absl::StrReplaceAll(
        *files.status, {{"VmRSS:\t    8192 kB",
                         absl::StrCat("VmRSS:\t", megabytes * 1024, " kB")}});
    tree.Add(pid, files);
  }
}

bool IsTenth(const Process& process) { return process.name == "tenth"; }

bool IsLarger(const Process& a, const Process& b) {
  return a.resident_bytes > b.resident_bytes;
}

TEST(ProcessQueryTest, AConditionHoldsForEveryListedProcess) {
  const ProcTree tree;
  AddMany(tree, 320);
  for (const int threads : {1, 8}) {
    const ProcessSnapshot snapshot =
        ListAt(tree.root(),
               {.condition = IsTenth, .condition_fields = ProcessField::kName},
               threads);
    ASSERT_EQ(snapshot.processes().size(), 32u);
    for (size_t i = 0; i < 32; ++i) {
      const Process& process = snapshot.processes()[i];
      const auto pid = static_cast<int32_t>(10 * (i + 1));
      ASSERT_EQ(process.pid, pid);
      ASSERT_EQ(process.arguments, absl::StrCat("argument-", pid));
      ASSERT_EQ(process.peak_resident_bytes, 9 << 20);
    }
  }
}

// Of a process that fails the condition nothing else is read.
TEST(ProcessQueryTest, TheConditionIsTestedFirst) {
  const ProcTree tree;
  tree.Add(7, OrdinaryProcess(7, "match", "m\0"sv));
  tree.Add(8, {.stat = OrdinaryProcess(8, "other", "").stat});
  int calls = 0;
  const ProcessSnapshot snapshot =
      ListAt(tree.root(),
             {.condition =
                  [&calls](const Process& process) {
                    ++calls;
                    return process.name == "match";
                  },
              .condition_fields = ProcessField::kName},
             1);
  EXPECT_THAT(Pids(snapshot), ElementsAre(7));
  EXPECT_EQ(snapshot.processes()[0].arguments, "m");
  // Twice for the listed process: it may change before the rest is read.
  EXPECT_EQ(calls, 3);
}

TEST(ProcessQueryTest, ALimitTakesTheFirstProcesses) {
  const ProcTree tree;
  AddMany(tree, 20);
  EXPECT_THAT(Pids(ListAt(tree.root(), {.limit = 3})), ElementsAre(1, 2, 3));
  EXPECT_THAT(Pids(ListAt(tree.root(), {.limit = 0})), IsEmpty());
  // Processes that have ended do not count.
  const ProcTree gaps;
  for (const int32_t pid : {1, 2, 3, 4}) gaps.Add(pid, {});
  for (const int32_t pid : {5, 6, 7}) {
    gaps.Add(pid, OrdinaryProcess(pid, "p", ""));
  }
  EXPECT_THAT(Pids(ListAt(gaps.root(), {.limit = 2})), ElementsAre(5, 6));
}

TEST(ProcessQueryTest, ALimitCountsProcessesThatMeetTheCondition) {
  const ProcTree tree;
  AddMany(tree, 320);
  EXPECT_THAT(Pids(ListAt(tree.root(), {.condition = IsTenth,
                                        .condition_fields = ProcessField::kName,
                                        .limit = 3})),
              ElementsAre(10, 20, 30));
}

TEST(ProcessQueryTest, SortsAndTakesTheFirst) {
  const ProcTree tree;
  AddMany(tree, 320);
  ProcessQuery query = {.order = IsLarger,
                        .order_fields = ProcessField::kResidentBytes,
                        .limit = 4};
  const ProcessSnapshot largest = ListAt(tree.root(), query);
  // Of equal processes the one with the smaller pid goes first.
  EXPECT_THAT(Pids(largest), ElementsAre(250, 249, 251, 248));
  EXPECT_EQ(largest.processes()[2].arguments, "argument-251");
  query.condition = IsTenth;
  query.condition_fields = ProcessField::kName;
  EXPECT_THAT(Pids(ListAt(tree.root(), query)),
              ElementsAre(250, 240, 260, 230));
  query.limit = 1000;
  EXPECT_EQ(ListAt(tree.root(), query).processes().size(), 32u);
  query.pids = {{3, 20, 10}};
  EXPECT_THAT(Pids(ListAt(tree.root(), query)), ElementsAre(20, 10));
}

TEST(ProcessQueryTest, OfProcessesBeyondTheLimitOnlyTheSortFieldsAreRead) {
  const ProcTree tree;
  for (const int32_t pid : {1, 2, 3}) {
    tree.Add(pid, {.statm = absl::StrCat("9999 ", 10 * pid, " 0 0 0 0 0\n")});
  }
  tree.Add(4, OrdinaryProcess(4, "large", "l\0"sv));
  const ProcessSnapshot snapshot =
      ListAt(tree.root(), {.order = IsLarger,
                           .order_fields = ProcessField::kResidentBytes,
                           .limit = 1});
  ASSERT_THAT(Pids(snapshot), ElementsAre(4));
  EXPECT_EQ(snapshot.processes()[0].name, "large");
}

}  // namespace
}  // namespace tallyman::platform
