#include "tally/top/model/process_table.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/host_process.h"

namespace tallyman::tally {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

HostProcess Make(int64_t pid, double seconds, std::string start = "a",
                 int64_t ppid = 0) {
  return {.pid = pid,
          .start_time = std::move(start),
          .ppid = ppid,
          .name = absl::StrCat("p", pid),
          .cpu_seconds = seconds};
}

HostPatch Used(int64_t pid, double seconds) {
  HostPatch patch{.values = Make(pid, seconds)};
  for (size_t i = 0; i < kHostFields.size(); ++i) {
    patch.present[i] = kHostFields[i].key == "pid" ||
                       kHostFields[i].key == "start_time" ||
                       kHostFields[i].key == "cpu_seconds";
  }
  return patch;
}

std::vector<int64_t> Pids(const ProcessTable& table) {
  std::vector<int64_t> pids;
  for (const ProcessRecord* record : table.records()) {
    pids.push_back(record->process.pid);
  }
  return pids;
}

TEST(ProcessTableTest, SharesNeedTwoScans) {
  ProcessTable table;
  EXPECT_FALSE(table.has_scan());
  table.Replace({.time = kStart, .processes = {Make(1, 10), Make(2, 5)}});
  EXPECT_TRUE(table.has_scan());
  EXPECT_TRUE(std::isnan(table.Find(1)->share));

  table.Change({.time = kStart + absl::Seconds(2), .changed = {Used(1, 11)}});
  EXPECT_THAT(table.Find(1)->share, DoubleNear(0.5, 1e-9));
  EXPECT_EQ(table.Find(2)->share, 0);
  EXPECT_EQ(table.Find(1)->process.name, "p1");
}

TEST(ProcessTableTest, AnotherSnapshotKeepsSharesOfTheSameProcess) {
  ProcessTable table;
  table.Replace({.time = kStart, .processes = {Make(1, 10), Make(2, 1, "a")}});
  table.Replace({.time = kStart + absl::Seconds(4),
                 .processes = {Make(1, 12), Make(2, 9, "b")}});
  EXPECT_THAT(table.Find(1)->share, DoubleNear(0.5, 1e-9));
  EXPECT_TRUE(std::isnan(table.Find(2)->share)) << "another process";

  table.Replace(
      {.time = kStart + absl::Minutes(10), .processes = {Make(1, 13)}});
  EXPECT_TRUE(std::isnan(table.Find(1)->share)) << "too long ago";
}

TEST(ProcessTableTest, ProcessesEnterAndGo) {
  ProcessTable table;
  table.Replace({.time = kStart, .processes = {Make(1, 0), Make(2, 0)}});
  table.Change({.time = kStart + absl::Seconds(1),
                .entered = {Make(3, 0)},
                .gone = {{.pid = 2, .start_time = "a"},
                         {.pid = 1, .start_time = "other"},
                         {.pid = 9, .start_time = "a"}}});
  EXPECT_THAT(Pids(table), ElementsAre(1, 3));
  EXPECT_EQ(table.Find(2), nullptr);
}

TEST(ProcessTableTest, APidThatIsUsedAgainIsAnotherProcess) {
  ProcessTable table;
  table.Replace({.time = kStart, .processes = {Make(1, 7, "old")}});
  table.Change({.time = kStart + absl::Seconds(1),
                .entered = {Make(1, 0, "new")},
                .gone = {{.pid = 1, .start_time = "old"}}});
  EXPECT_THAT(Pids(table), ElementsAre(1));
  EXPECT_EQ(table.Find(1)->process.start_time, "new");
}

TEST(ProcessTableTest, QuietScansMeanThatNothingRuns) {
  ProcessTable table;
  table.Replace({.time = kStart, .processes = {Make(1, 0)}});
  EXPECT_FALSE(table.Quiet());
  table.Change({.time = kStart + absl::Seconds(1), .changed = {Used(1, 1)}});
  EXPECT_TRUE(table.Quiet());
  EXPECT_EQ(table.Find(1)->share, 0);
}

TEST(ProcessTableTest, AncestorsEndAtTheRootAndInCircles) {
  ProcessTable table;
  table.Replace(
      {.time = kStart,
       .processes = {Make(1, 0), Make(2, 0, "a", 1), Make(3, 0, "a", 2),
                     Make(8, 0, "a", 9), Make(9, 0, "a", 8)}});
  const auto names = [&](int64_t pid) {
    std::vector<std::string> found;
    for (const ProcessRecord* one : table.Ancestors(table.Find(pid)->process)) {
      found.push_back(one->process.name);
    }
    return found;
  };
  EXPECT_THAT(names(3), ElementsAre("p2", "p1"));
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_THAT(names(8), ElementsAre("p9"));
}

}  // namespace
}  // namespace tallyman::tally
