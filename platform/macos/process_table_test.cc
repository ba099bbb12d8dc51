#include "platform/macos/process_table.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/macos/fake_macos_system.h"
#include "platform/macos/kernel_records.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<int32_t> PidsOf(const ProcessTable& table) {
  std::vector<int32_t> pids;
  for (const ProcessRecord& record : table.records()) {
    pids.push_back(record.pid);
  }
  return pids;
}

size_t BytesFor(size_t processes) { return processes * KinfoProcLayout::kSize; }

TEST(ProcessTableTest, SortsByPid) {
  FakeMacosSystem system;
  for (const int32_t pid : {501, 1, 0, 99'999, 77}) {
    system.Add({.pid = pid, .name = "p" + std::to_string(pid)});
  }
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(PidsOf(*table), ElementsAre(0, 1, 77, 501, 99'999));
  EXPECT_EQ(table->records()[2].name, "p77");
}

TEST(ProcessTableTest, FindsByPid) {
  FakeMacosSystem system;
  for (const int32_t pid : {4, 2, 6}) system.Add({.pid = pid});
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->Find(4)->pid, 4);
  for (const int32_t pid : {-1, 1, 3, 5, 7}) {
    EXPECT_EQ(table->Find(pid), nullptr) << pid;
  }
}

TEST(ProcessTableTest, NamesStayValidWhenItMoves) {
  FakeMacosSystem system;
  system.Add({.pid = 1, .name = "launchd"});
  absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  ASSERT_TRUE(table.ok()) << table.status();
  const ProcessTable moved = *std::move(table);
  EXPECT_EQ(moved.records()[0].name, "launchd");
}

TEST(ProcessTableTest, LeavesOutDuplicatesAndImpossiblePids) {
  FakeMacosSystem system;
  for (const int32_t pid : {5, -3, 4, 5}) system.Add({.pid = pid});
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(PidsOf(*table), ElementsAre(4, 5));
}

TEST(ProcessTableTest, GrowsUntilTheTableFits) {
  FakeMacosSystem system;
  for (int32_t pid = 1; pid <= 1024; ++pid) system.Add({.pid = pid});
  ASSERT_TRUE(ProcessTable::Read(system, 0).ok());
  EXPECT_THAT(system.table_buffers(), ElementsAre(BytesFor(1024)));
  system.Add({.pid = 1025});
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->records().size(), 1025u);
  EXPECT_THAT(system.table_buffers(),
              ElementsAre(BytesFor(1024), BytesFor(1024), BytesFor(4096)));
}

TEST(ProcessTableTest, TheTableMayGrowBetweenCalls) {
  FakeMacosSystem system;
  system.StartAtEachReading(3000);
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  ASSERT_TRUE(table.ok()) << table.status();
  // 3000 > 1024, 6000 > 4096, 9000.
  EXPECT_EQ(table->records().size(), 9000u);
  EXPECT_EQ(system.num_calls(), 3);
}

TEST(ProcessTableTest, LeavesRoomForMoreThanExpected) {
  FakeMacosSystem system;
  system.Add({.pid = 1});
  ASSERT_TRUE(ProcessTable::Read(system, 8000).ok());
  // No more than the maximum, and no overflow.
  ASSERT_TRUE(ProcessTable::Read(system, 10'000'000).ok());
  EXPECT_THAT(system.table_buffers(),
              ElementsAre(BytesFor(9000), BytesFor(131'072)));
}

TEST(ProcessTableTest, GivesUpWhenNoBufferIsLargeEnough) {
  FakeMacosSystem system;
  system.FailTable(absl::ResourceExhaustedError("ENOMEM"));
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  EXPECT_EQ(table.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(table.status().message(), HasSubstr("84934656 bytes"));
  EXPECT_THAT(system.table_buffers(),
              ElementsAre(BytesFor(1024), BytesFor(4096), BytesFor(16'384),
                          BytesFor(65'536), BytesFor(131'072)));
}

TEST(ProcessTableTest, ReportsTheErrorOfTheCall) {
  FakeMacosSystem system;
  system.FailTable(absl::PermissionDeniedError("sysctl: sandboxed"));
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(table.status().message(),
            "cannot list processes: sysctl: sandboxed");
  EXPECT_EQ(system.num_calls(), 1);
}

TEST(ProcessTableTest, ATableOfOtherRecordsIsAnError) {
  const std::string record = KinfoProcBytes({.pid = 1});
  for (const std::string& bytes :
       {record + 'x', record + record.substr(1), record.substr(1)}) {
    FakeMacosSystem system;
    system.SetTable(bytes);
    const absl::StatusOr<ProcessTable> table = ProcessTable::Read(system, 0);
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInternal);
    EXPECT_THAT(table.status().message(), HasSubstr("records of 648 bytes"));
  }
}

// The caller is a process: no table is empty.
TEST(ProcessTableTest, AnEmptyTableIsAnError) {
  FakeMacosSystem system;
  EXPECT_EQ(ProcessTable::Read(system, 0).status().code(),
            absl::StatusCode::kInternal);
  system.Add({.pid = -1});
  EXPECT_EQ(ProcessTable::Read(system, 0).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace tallyman::platform
