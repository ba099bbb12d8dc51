#include "platform/windows/windows_process_lister.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/windows/fake_windows_system.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 2020-09-23 10:54:15 UTC.
constexpr int64_t kCreation = 132'453'320'550'000'000;

class WindowsProcessListerTest : public testing::Test {
 protected:
  WindowsProcessListerTest() {
    auto system = std::make_unique<FakeWindowsSystem>();
    system_ = system.get();
    lister_ = MakeWindowsProcessLister(std::move(system));
  }
  ~WindowsProcessListerTest() override { EXPECT_EQ(system_->num_open(), 0); }

  // The list must succeed. The result lives until the next call.
  const std::vector<Process>& List(const ProcessQuery& query = {}) {
    snapshot_ = lister_->List(query);
    EXPECT_TRUE(snapshot_.ok()) << snapshot_.status();
    listed_.clear();
    if (!snapshot_.ok()) return listed_;
    listed_.assign(snapshot_->processes().begin(),
                   snapshot_->processes().end());
    return listed_;
  }

  std::vector<int32_t> ParentPids() {
    std::vector<int32_t> pids;
    for (const Process& process : List()) pids.push_back(process.parent_pid);
    return pids;
  }

  FakeWindowsSystem* system_;  // Owned by the lister.
  std::unique_ptr<ProcessLister> lister_;
  absl::StatusOr<ProcessSnapshot> snapshot_ = absl::UnknownError("no list");
  std::vector<Process> listed_;
};

TEST_F(WindowsProcessListerTest, AllFields) {
  const std::string sid = FakeSid(5, {21, 1, 2, 3, 1001});
  system_->accounts()[sid] = u"jblow";
  system_->Add({.pid = 6020,
                .parent_pid = 700,
                .name = u"svchost.exe",
                .num_threads = 16,
                .session = 2,
                .creation_time = kCreation,
                .user_time = 20'000'000,
                .kernel_time = 5'000'001,
                .virtual_bytes = 2203555188736,
                .working_set_bytes = 8192,
                .peak_working_set_bytes = 16384,
                .read_bytes = 111,
                .written_bytes = 222,
                .sid = sid,
                .command_line =
                    u"C:\\WINDOWS\\system32\\svchost.exe -k UnistackSvcGroup"});
  const absl::Time before = absl::Now();
  const std::vector<Process>& processes = List();
  EXPECT_GE(snapshot_->taken_at(), before);
  EXPECT_LE(snapshot_->taken_at(), absl::Now());
  ASSERT_EQ(processes.size(), 1u);
  const Process& process = processes[0];
  EXPECT_EQ(process.pid, 6020);
  EXPECT_EQ(process.parent_pid, 700);
  EXPECT_EQ(process.name, "svchost.exe");
  EXPECT_EQ(process.arguments,
            "C:\\WINDOWS\\system32\\svchost.exe -k UnistackSvcGroup");
  EXPECT_EQ(process.user, "jblow");
  EXPECT_EQ(process.state, ProcessState::kUnknown);
  EXPECT_EQ(process.num_threads, 16);
  EXPECT_EQ(process.session, 2);
  EXPECT_EQ(process.nice, std::nullopt);
  EXPECT_EQ(process.cgroup, "");
  EXPECT_EQ(process.resident_bytes, 8192);
  EXPECT_EQ(process.peak_resident_bytes, 16384);
  EXPECT_EQ(process.virtual_bytes, 2203555188736);
  EXPECT_EQ(process.storage_read_bytes, 111);
  EXPECT_EQ(process.storage_written_bytes, 222);
  EXPECT_EQ(process.start_ticks, kCreation);
  EXPECT_EQ(process.start_time,
            absl::FromCivil(absl::CivilSecond(2020, 9, 23, 10, 54, 15),
                            absl::UTCTimeZone()));
  EXPECT_EQ(process.cpu_time, absl::Nanoseconds(2'500'000'100));
}

TEST_F(WindowsProcessListerTest, TheIdleProcess) {
  system_->Add({.pid = 0,
                .num_threads = 8,
                .creation_time = 0,
                .working_set_bytes = 8192});
  const std::vector<Process>& processes = List();
  ASSERT_EQ(processes.size(), 1u);
  const Process& process = processes[0];
  EXPECT_EQ(process.pid, 0);
  EXPECT_EQ(process.parent_pid, 0);
  EXPECT_EQ(process.name, "System Idle Process");
  EXPECT_EQ(process.arguments, "");
  EXPECT_EQ(process.user, "");
  EXPECT_EQ(process.num_threads, 8);
  EXPECT_EQ(process.resident_bytes, 8192);
  EXPECT_EQ(process.start_ticks, -1);
  EXPECT_EQ(process.start_time, absl::InfinitePast());
}

TEST_F(WindowsProcessListerTest, UnknownValues) {
  constexpr uint64_t kLarge = uint64_t{1} << 63;
  system_->Add({.pid = 4,
                .parent_pid = uint64_t{1} << 32,
                .user_time = -1,
                .virtual_bytes = kLarge,
                .working_set_bytes = kLarge,
                .peak_working_set_bytes = kLarge,
                .read_bytes = kLarge,
                .written_bytes = kLarge,
                .open = CallResult::kAccessDenied});
  const std::vector<Process>& processes = List();
  ASSERT_EQ(processes.size(), 1u);
  const Process& process = processes[0];
  EXPECT_EQ(process.parent_pid, -1);
  EXPECT_EQ(process.name, "");
  EXPECT_EQ(process.resident_bytes, -1);
  EXPECT_EQ(process.peak_resident_bytes, -1);
  EXPECT_EQ(process.virtual_bytes, -1);
  EXPECT_EQ(process.storage_read_bytes, -1);
  EXPECT_EQ(process.storage_written_bytes, -1);
  EXPECT_LT(process.cpu_time, absl::ZeroDuration());
}

TEST_F(WindowsProcessListerTest, TextThatIsNoUtf16IsReplaced) {
  system_->Add({.pid = 4, .name = u"a\xd800.exe", .command_line = u"\xdc00 b"});
  const std::vector<Process>& processes = List();
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes[0].name, "a\xef\xbf\xbd.exe");
  EXPECT_EQ(processes[0].arguments, "\xef\xbf\xbd b");
}

TEST_F(WindowsProcessListerTest, ACommandLineEndsAtItsFirstNul) {
  system_->Add({.pid = 4, .command_line = std::u16string(u"a b\0c", 5)});
  ASSERT_EQ(List().size(), 1u);
  EXPECT_EQ(listed_[0].arguments, "a b");
}

TEST_F(WindowsProcessListerTest, TheLongestCommandLineIsComplete) {
  system_->Add({.pid = 4, .command_line = std::u16string(0x7fff, u'\u20ac')});
  ASSERT_EQ(List().size(), 1u);
  EXPECT_EQ(listed_[0].arguments.size(), 3u * 0x7fff);
}

TEST_F(WindowsProcessListerTest, AParentThatStartedLaterIsNone) {
  system_->Add({.pid = 4, .parent_pid = 40, .creation_time = kCreation});
  system_->Add({.pid = 8, .parent_pid = 12, .creation_time = kCreation});
  system_->Add({.pid = 12, .parent_pid = 8, .creation_time = kCreation + 1});
  system_->Add({.pid = 16, .parent_pid = 8, .creation_time = kCreation});
  system_->Add({.pid = 20, .parent_pid = 24, .creation_time = 0});
  system_->Add({.pid = 24, .parent_pid = 20, .creation_time = kCreation});
  // 40 has ended; 12 started after 8; 20 has no creation time.
  EXPECT_THAT(ParentPids(), ElementsAre(40, -1, 8, 8, 24, 20));
}

TEST_F(WindowsProcessListerTest, ProcessesGoByPid) {
  for (const uint64_t pid : {400, 4, 88, 12}) system_->Add({.pid = pid});
  std::vector<int32_t> pids;
  for (const Process& process : List()) pids.push_back(process.pid);
  EXPECT_THAT(pids, ElementsAre(4, 12, 88, 400));
}

TEST_F(WindowsProcessListerTest, TheTableGrowsBetweenTwoCalls) {
  // Threads make the table larger than the first buffer.
  system_->Add({.pid = 4, .num_threads = 20'000});
  system_->set_before_table([this] {
    if (system_->processes().size() < 4) {
      const uint64_t pid = (system_->processes().size() + 1) * 4;
      system_->Add({.pid = pid, .num_threads = 20'000});
    }
  });
  EXPECT_EQ(List({.fields = {}}).size(), 4u);
  EXPECT_GT(system_->calls().tables, 1);
  // The next list begins with a buffer of that size.
  system_->ClearCalls();
  EXPECT_EQ(List({.fields = {}}).size(), 4u);
  EXPECT_EQ(system_->calls().tables, 1);
}

TEST_F(WindowsProcessListerTest, ATableThatAlwaysGrowsIsUnavailable) {
  system_->Add({.pid = 4, .num_threads = 16'000});
  system_->set_before_table([this] {
    system_->processes()[0].num_threads +=
        system_->processes()[0].num_threads / 2;
  });
  const absl::Status status = lister_->List({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("grew during each of 8 reads"));
  EXPECT_EQ(system_->calls().tables, 8);
}

TEST_F(WindowsProcessListerTest, ErrorsOfTheTable) {
  system_->Add({.pid = 4});
  system_->set_table_result(CallResult::kExhausted);
  EXPECT_EQ(lister_->List({}).status().code(), absl::StatusCode::kUnavailable);
  system_->set_table_result(CallResult::kFailed);
  EXPECT_EQ(lister_->List({}).status().code(), absl::StatusCode::kInternal);
  system_->set_table_result(CallResult::kOk);
  EXPECT_EQ(List().size(), 1u);
}

TEST_F(WindowsProcessListerTest, AMalformedTableIsNoShorterList) {
  system_->Add({.pid = 4});
  system_->Add({.pid = 8});
  system_->set_change_table(
      [](std::string& table) { table.replace(0, 2, "\x08\0", 2); });
  const absl::Status status = lister_->List({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(),
              HasSubstr("malformed after the first 1 entries"));
}

TEST_F(WindowsProcessListerTest, AnEmptyTableIsMalformed) {
  system_->set_change_table([](std::string& table) { table.clear(); });
  EXPECT_EQ(lister_->List({}).status().code(), absl::StatusCode::kInternal);
}

TEST_F(WindowsProcessListerTest, ATooLargePidIsAnError) {
  system_->Add({.pid = uint64_t{1} << 31});
  const absl::Status status = lister_->List({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("2147483648"));
}

TEST_F(WindowsProcessListerTest, OutOfHandlesIsUnavailable) {
  system_->Add({.pid = 4});
  system_->Add({.pid = 8, .open = CallResult::kExhausted});
  system_->Add({.pid = 12});
  EXPECT_EQ(lister_->List({}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(system_->calls().opens, 2);
}

TEST_F(WindowsProcessListerTest, SeventyThousandProcesses) {
  for (uint64_t i = 0; i < 70'000; ++i) {
    system_->Add({.pid = i * 4, .parent_pid = i / 2 * 4, .name = u"w.exe"});
  }
  const std::vector<Process>& processes =
      List({.fields = ProcessField::kName | ProcessField::kParentPid});
  ASSERT_EQ(processes.size(), 70'000u);
  EXPECT_EQ(processes[69'999].pid, 279'996);
  EXPECT_EQ(processes[69'999].parent_pid, 139'996);
  EXPECT_EQ(processes[69'999].name, "w.exe");
  EXPECT_EQ(system_->calls().opens, 0);
  EXPECT_EQ(system_->calls().tables, 2);
}

TEST_F(WindowsProcessListerTest, NoHandleIsKept) {
  system_->Add({.pid = 4});
  List();
  EXPECT_EQ(lister_->kept_descriptors(), 0);
  EXPECT_FALSE(lister_->CloseKeptDescriptors());
}

TEST_F(WindowsProcessListerTest, SeveralThreadsListAtOnce) {
  const std::string sid = FakeSid(5, {18});
  system_->accounts()[sid] = u"SYSTEM";
  system_->set_has_command_line_call(false);
  for (uint64_t pid = 4; pid <= 40; pid += 4) {
    AddPeb(u"a b", /*is_32_bit=*/false, /*normalized=*/true,
           system_->Add({.pid = pid, .name = u"a.exe", .sid = sid}));
  }
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < 20; ++k) {
        const absl::StatusOr<ProcessSnapshot> snapshot = lister_->List({});
        ASSERT_TRUE(snapshot.ok());
        ASSERT_EQ(snapshot->processes().size(), 10u);
        for (const Process& process : snapshot->processes()) {
          EXPECT_EQ(process.user, "SYSTEM");
          EXPECT_EQ(process.arguments, "a b");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tallyman::platform
