// The values of listed processes. macos_process_lister_query_test.cc has the
// calls of a query.

#include "platform/macos/macos_process_lister.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/macos/fake_macos_system.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using namespace std::string_view_literals;

class MacosProcessListerTest : public testing::Test {
 protected:
  MacosProcessListerTest() {
    auto system = std::make_unique<FakeMacosSystem>();
    system_ = system.get();
    lister_ = MakeMacosProcessLister(std::move(system), {});
  }

  ProcessSnapshot List(const ProcessQuery& query = {}) const {
    absl::StatusOr<ProcessSnapshot> snapshot = lister_->List(query);
    CHECK_OK(snapshot);
    return *std::move(snapshot);
  }

  // The only process of a list with all fields.
  Process ListOne() {
    snapshots_.push_back(List());
    CHECK_EQ(snapshots_.back().processes().size(), 1u);
    return snapshots_.back().processes()[0];
  }

  FakeMacosSystem* system_;  // Owned by the lister.
  std::unique_ptr<ProcessLister> lister_;
  std::vector<ProcessSnapshot> snapshots_;
};

FakeProcess Sleep60() {
  return {.pid = 500,
          .parent_pid = 1,
          .name = "sleep",
          .arguments_block = ArgumentsBlock(2, "/bin/sleep",
                                            "sleep\0"
                                            "60\0HOME=/Users/j\0"sv)};
}

std::vector<int32_t> PidsOf(const ProcessSnapshot& snapshot) {
  std::vector<int32_t> pids;
  for (const Process& process : snapshot.processes()) {
    pids.push_back(process.pid);
  }
  return pids;
}

TEST_F(MacosProcessListerTest, AllFields) {
  system_->Add(Sleep60());
  system_->SetUserName(501, "jblow");
  const Process process = ListOne();
  EXPECT_EQ(process.pid, 500);
  EXPECT_EQ(process.parent_pid, 1);
  EXPECT_EQ(process.name, "sleep");
  EXPECT_EQ(process.arguments,
            "sleep\0"
            "60"sv);
  EXPECT_EQ(process.user, "jblow");
  EXPECT_EQ(process.state, ProcessState::kSleeping);
  EXPECT_EQ(process.num_threads, 7);
  EXPECT_EQ(process.virtual_bytes, int64_t{400} << 30);
  EXPECT_EQ(process.resident_bytes, 12'345'678);
  EXPECT_EQ(process.peak_resident_bytes, 23'456'789);
  EXPECT_EQ(process.storage_read_bytes, 111);
  EXPECT_EQ(process.storage_written_bytes, 222);
  EXPECT_EQ(process.start_ticks, kFakeStart);
  EXPECT_EQ(process.start_time, absl::FromUnixMicros(kFakeStart));
  // The unit is 1 ns.
  EXPECT_EQ(process.cpu_time, absl::Milliseconds(36));
  EXPECT_EQ(process.nice, -5);
  EXPECT_EQ(process.session, -1);
  EXPECT_EQ(process.cgroup, "");
}

TEST_F(MacosProcessListerTest, ProcessorTimeOnAppleSilicon) {
  system_->SetTimebase({.numerator = 125, .denominator = 3});
  system_->Add(Sleep60());
  EXPECT_EQ(ListOne().cpu_time, absl::Seconds(1.5));
}

TEST_F(MacosProcessListerTest, ProcessorTimeWithoutATimebaseIsUnknown) {
  system_->SetTimebase({.numerator = 0, .denominator = 0});
  system_->Add(Sleep60());
  EXPECT_LT(ListOne().cpu_time, absl::ZeroDuration());
}

TEST_F(MacosProcessListerTest, AnUnknownStartTime) {
  system_->Add({.pid = 0, .parent_pid = 0, .start_microseconds = 0});
  const Process process = ListOne();
  EXPECT_EQ(process.start_ticks, -1);
  EXPECT_EQ(process.start_time, absl::InfinitePast());
  // The task has the same.
  EXPECT_EQ(process.num_threads, 7);
}

TEST_F(MacosProcessListerTest, Pid0IsTheKernel) {
  FakeProcess kernel = {.pid = 0, .parent_pid = 0, .name = "kernel_task"};
  kernel.uid = 0;
  kernel.arguments_outcome = CallOutcome::kRefused;
  system_->Add(kernel);
  system_->SetUserName(0, "root");
  const Process process = ListOne();
  EXPECT_EQ(process.pid, 0);
  EXPECT_EQ(process.parent_pid, 0);
  EXPECT_EQ(process.name, "kernel_task");
  EXPECT_EQ(process.user, "root");
  EXPECT_EQ(process.arguments, "");
  EXPECT_EQ(process.num_threads, 7);
}

TEST_F(MacosProcessListerTest, AZombieHasNoMemoryAndTakesNoCalls) {
  FakeProcess zombie = Sleep60();
  zombie.status = ProcessStatus::kZombie;
  system_->Add(zombie);
  const Process process = ListOne();
  EXPECT_EQ(process.state, ProcessState::kZombie);
  EXPECT_EQ(process.name, "sleep");
  EXPECT_EQ(process.parent_pid, 1);
  EXPECT_EQ(process.user, "501");
  EXPECT_EQ(process.start_ticks, kFakeStart);
  EXPECT_EQ(process.arguments, "");
  EXPECT_EQ(process.num_threads, 0);
  EXPECT_EQ(process.virtual_bytes, 0);
  EXPECT_EQ(process.resident_bytes, 0);
  EXPECT_EQ(process.peak_resident_bytes, 0);
  EXPECT_EQ(process.storage_read_bytes, -1);
  EXPECT_EQ(process.storage_written_bytes, -1);
  EXPECT_LT(process.cpu_time, absl::ZeroDuration());
  EXPECT_THAT(system_->calls(), ElementsAre("table"));
}

TEST_F(MacosProcessListerTest, StatesOfTheTableAndTheTask) {
  system_->Add({.pid = 1, .num_running = 2});
  system_->Add({.pid = 2, .num_running = 0});
  system_->Add({.pid = 3, .status = ProcessStatus::kStopped});
  system_->Add(
      {.pid = 4, .status = ProcessStatus::kStopped, .is_traced = true});
  system_->Add({.pid = 5, .task_outcome = CallOutcome::kRefused});
  system_->Add({.pid = 6,
                .status = ProcessStatus::kStopped,
                .task_outcome = CallOutcome::kRefused});
  const ProcessSnapshot snapshot = List();
  std::vector<ProcessState> states;
  for (const Process& process : snapshot.processes()) {
    states.push_back(process.state);
  }
  EXPECT_THAT(states,
              ElementsAre(ProcessState::kRunning, ProcessState::kSleeping,
                          ProcessState::kStopped, ProcessState::kTracingStop,
                          ProcessState::kUnknown, ProcessState::kStopped));
}

// As of another user's process.
TEST_F(MacosProcessListerTest, RefusedCallsCostTheirFields) {
  FakeProcess other = Sleep60();
  other.uid = 0;
  other.task_outcome = CallOutcome::kRefused;
  other.usage_outcome = CallOutcome::kRefused;
  other.arguments_outcome = CallOutcome::kRefused;
  system_->Add(other);
  system_->SetUserName(0, "root");
  const Process process = ListOne();
  EXPECT_EQ(process.name, "sleep");
  EXPECT_EQ(process.user, "root");
  EXPECT_EQ(process.start_ticks, kFakeStart);
  EXPECT_EQ(process.state, ProcessState::kUnknown);
  EXPECT_EQ(process.arguments, "");
  EXPECT_EQ(process.num_threads, -1);
  EXPECT_EQ(process.virtual_bytes, -1);
  EXPECT_EQ(process.resident_bytes, -1);
  EXPECT_EQ(process.peak_resident_bytes, -1);
  EXPECT_EQ(process.storage_read_bytes, -1);
  EXPECT_LT(process.cpu_time, absl::ZeroDuration());
}

TEST_F(MacosProcessListerTest, ARefusedUsageCostsOnlyItsFields) {
  FakeProcess process = Sleep60();
  process.usage_outcome = CallOutcome::kRefused;
  system_->Add(process);
  const Process listed = ListOne();
  EXPECT_EQ(listed.storage_read_bytes, -1);
  EXPECT_EQ(listed.storage_written_bytes, -1);
  EXPECT_EQ(listed.peak_resident_bytes, -1);
  EXPECT_EQ(listed.num_threads, 7);
  EXPECT_EQ(listed.arguments,
            "sleep\0"
            "60"sv);
}

TEST_F(MacosProcessListerTest, RefusedArgumentsCostOnlyThemselves) {
  FakeProcess process = Sleep60();
  process.arguments_outcome = CallOutcome::kRefused;
  system_->Add(process);
  const Process listed = ListOne();
  EXPECT_EQ(listed.arguments, "");
  EXPECT_EQ(listed.storage_read_bytes, 111);
  EXPECT_EQ(listed.num_threads, 7);
}

// Without the start time they may be of a process that took the pid over.
TEST_F(MacosProcessListerTest, WithoutTheWitnessTheOthersAreUnknown) {
  FakeProcess process = Sleep60();
  process.task_outcome = CallOutcome::kRefused;
  system_->Add(process);
  const Process listed = ListOne();
  EXPECT_EQ(listed.arguments, "");
  EXPECT_EQ(listed.storage_read_bytes, -1);
  EXPECT_EQ(listed.peak_resident_bytes, -1);
  EXPECT_EQ(listed.num_threads, -1);
  EXPECT_EQ(listed.name, "sleep");
}

// The process ended between the table and one of the calls.
TEST_F(MacosProcessListerTest, EndedProcessesAreLeftOut) {
  system_->Add({.pid = 1, .task_outcome = CallOutcome::kEnded});
  system_->Add({.pid = 2, .usage_outcome = CallOutcome::kEnded});
  system_->Add({.pid = 3, .arguments_outcome = CallOutcome::kEnded});
  system_->Add({.pid = 4});
  EXPECT_THAT(PidsOf(List()), ElementsAre(4));
}

TEST_F(MacosProcessListerTest, AProcessThatTookThePidOverIsLeftOut) {
  system_->Add({.pid = 1, .task_start_microseconds = kFakeStart + 1});
  system_->Add({.pid = 2, .task_start_microseconds = kFakeStart - 1});
  system_->Add({.pid = 3, .task_pid = 4});
  system_->Add({.pid = 5});
  for (const ProcessFields fields :
       {ProcessFields::All(), ProcessFields(ProcessField::kArguments),
        ProcessFields(ProcessField::kStorageIo),
        ProcessFields(ProcessField::kCpuTime),
        ProcessFields(ProcessField::kState)}) {
    EXPECT_THAT(PidsOf(List({.fields = fields})), ElementsAre(5));
  }
  // The table alone is right for its moment.
  EXPECT_THAT(PidsOf(List({.fields = ProcessField::kName})),
              ElementsAre(1, 2, 3, 5));
}

// The kernel returns the end of a block that is larger than the buffer.
TEST_F(MacosProcessListerTest, ABlockThatFillsTheBufferHasNoArguments) {
  constexpr size_t kSize = MacosSystem::kArgumentsBufferBytes;
  const std::string end =
      ArgumentsBlock(1, "/a", "SECRET=hunter2\0"sv) + std::string(kSize, '\0');
  system_->Add(
      {.pid = 1,
       .arguments_block = "of another program" + end.substr(0, kSize)});
  EXPECT_EQ(ListOne().arguments, "");
}

TEST_F(MacosProcessListerTest, LongArgumentsAreListedWhole) {
  constexpr size_t kSize = MacosSystem::kArgumentsBufferBytes;
  // With the number, the path and the NUL one byte less than the buffer.
  const std::string longest(kSize - 14, 'x');
  system_->Add(
      {.pid = 1, .arguments_block = ArgumentsBlock(1, "/a", longest + '\0')});
  EXPECT_EQ(ListOne().arguments, longest);
}

TEST_F(MacosProcessListerTest, UsersWithoutANameHaveTheirNumber) {
  system_->Add({.pid = 1, .uid = 4'294'967'294});
  EXPECT_EQ(ListOne().user, "4294967294");
}

TEST_F(MacosProcessListerTest, TheHookNamesTheUsers) {
  auto system = std::make_unique<FakeMacosSystem>();
  const FakeMacosSystem* const fake = system.get();
  system->Add({.pid = 1, .uid = 501});
  system->Add({.pid = 2, .uid = 502});
  const std::unique_ptr<ProcessLister> lister = MakeMacosProcessLister(
      std::move(system), {.user_name = [](uint32_t uid) {
        return uid == 501 ? std::string("hook") : std::string();
      }});
  const absl::StatusOr<ProcessSnapshot> snapshot = lister->List({});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->processes()[0].user, "hook");
  EXPECT_EQ(snapshot->processes()[1].user, "502");
  EXPECT_THAT(fake->looked_up(), IsEmpty());
}

// The snapshot has copies: its views outlive the lister and its buffers.
TEST_F(MacosProcessListerTest, TheSnapshotOutlivesTheLister) {
  system_->Add(Sleep60());
  ProcessSnapshot list = List();
  lister_.reset();
  const ProcessSnapshot snapshot = std::move(list);
  EXPECT_EQ(snapshot.processes()[0].name, "sleep");
  EXPECT_EQ(snapshot.processes()[0].arguments,
            "sleep\0"
            "60"sv);
  EXPECT_EQ(snapshot.processes()[0].user, "501");
}

TEST_F(MacosProcessListerTest, TakenAtIsTheBeginning) {
  system_->Add({.pid = 1});
  const absl::Time before = absl::Now();
  const ProcessSnapshot snapshot = List();
  EXPECT_GE(snapshot.taken_at(), before);
  EXPECT_LE(snapshot.taken_at(), absl::Now());
}

TEST_F(MacosProcessListerTest, KeepsNoDescriptors) {
  system_->Add({.pid = 1});
  List();
  EXPECT_EQ(lister_->kept_descriptors(), 0);
  EXPECT_FALSE(lister_->CloseKeptDescriptors());
}

TEST_F(MacosProcessListerTest, ErrorsOfTheTable) {
  system_->FailTable(absl::UnknownError("sysctl"));
  EXPECT_EQ(lister_->List({}).status().code(), absl::StatusCode::kInternal);
  system_->FailTable(absl::ResourceExhaustedError("ENOMEM"));
  EXPECT_EQ(lister_->List({}).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(MacosProcessListerTest, ListsRunConcurrently) {
  for (int32_t pid = 1; pid <= 100; ++pid) {
    system_->Add({.pid = pid,
                  .arguments_block = ArgumentsBlock(
                      1, "/a", absl::StrCat("argument-", pid, "\0"sv))});
  }
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 10; ++round) {
        const ProcessSnapshot snapshot = List();
        ASSERT_EQ(snapshot.processes().size(), 100u);
        for (const Process& process : snapshot.processes()) {
          ASSERT_EQ(process.arguments, absl::StrCat("argument-", process.pid));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tallyman::platform
