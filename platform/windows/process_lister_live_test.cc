// The lister on a real Windows, or Wine. The child processes are copies of this
// program that are created suspended: they never run.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/testing/windows_child.h"

namespace tallyman::platform {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::Not;

// A suspended process, which the destructor ends.
class SuspendedProcess {
 public:
  explicit SuspendedProcess(std::wstring command_line)
      : child_(OwnProgram(), std::move(command_line), CREATE_SUSPENDED) {}

  void End() { child_.Kill(); }
  int32_t pid() const { return static_cast<int32_t>(child_.pid()); }
  int64_t creation_time() const { return child_.creation_time(); }

 private:
  WindowsChild child_;
};

class ProcessListerLiveTest : public testing::Test {
 protected:
  ProcessListerLiveTest() {
    absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
        ProcessLister::Create({});
    CHECK_OK(lister);
    lister_ = *std::move(lister);
  }

  absl::Span<const Process> List(const ProcessQuery& query = {}) {
    snapshot_ = lister_->List(query);
    CHECK_OK(snapshot_);
    return snapshot_->processes();
  }

  const int32_t own_pid_ = static_cast<int32_t>(GetCurrentProcessId());
  std::unique_ptr<ProcessLister> lister_;
  absl::StatusOr<ProcessSnapshot> snapshot_ = absl::UnknownError("no list");
};

TEST_F(ProcessListerLiveTest, ThisProcess) {
  const absl::Span<const Process> processes =
      List({.pids = std::vector<int32_t>{own_pid_}});
  ASSERT_EQ(processes.size(), 1u);
  const Process& process = processes[0];
  EXPECT_EQ(process.pid, own_pid_);
  EXPECT_TRUE(absl::EndsWith(process.name, ".exe")) << process.name;
  EXPECT_TRUE(absl::StrContains(process.arguments, "process_lister_live_test"))
      << process.arguments;
  EXPECT_EQ(process.user, OwnUser());
  EXPECT_EQ(process.state, ProcessState::kUnknown);
  EXPECT_GE(process.num_threads, 1);
  EXPECT_GE(process.resident_bytes, 1 << 20);
  EXPECT_GE(process.peak_resident_bytes, process.resident_bytes);
  EXPECT_GT(process.virtual_bytes, process.resident_bytes);
  EXPECT_GE(process.storage_read_bytes, 0);
  EXPECT_GE(process.storage_written_bytes, 0);
  EXPECT_GE(process.cpu_time, absl::ZeroDuration());
  // Both are of the same clock.
  EXPECT_LE(process.start_time, absl::Now());
  EXPECT_GE(process.start_time, absl::Now() - absl::Hours(1));
}

TEST_F(ProcessListerLiveTest, AChild) {
  const SuspendedProcess child(L"child  \"a b\" \x20ac\xd83d\xde00\xd800 ");
  const absl::Span<const Process> processes =
      List({.pids = std::vector<int32_t>{child.pid()}});
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes[0].pid, child.pid());
  EXPECT_EQ(processes[0].parent_pid, own_pid_);
  EXPECT_EQ(processes[0].arguments,
            "child  \"a b\" \xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd ");
  EXPECT_EQ(processes[0].num_threads, 1);
  EXPECT_EQ(processes[0].start_ticks, child.creation_time());
}

TEST_F(ProcessListerLiveTest, ALongCommandLine) {
  const SuspendedProcess child(L"child " + std::wstring(32'000, L'\x20ac'));
  const absl::Span<const Process> processes =
      List({.fields = ProcessField::kArguments,
            .pids = std::vector<int32_t>{child.pid()}});
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes[0].arguments.size(), 6u + 3u * 32'000u);
}

// Its handle is open: the system still knows the pid.
TEST_F(ProcessListerLiveTest, AnEndedProcessIsNotListed) {
  SuspendedProcess child(L"child");
  EXPECT_THAT(List(), Contains(Field(&Process::pid, child.pid())));
  child.End();
  EXPECT_THAT(List(), Not(Contains(Field(&Process::pid, child.pid()))));
}

TEST_F(ProcessListerLiveTest, AProcessThatEndsDuringTheListIsLeftOut) {
  SuspendedProcess child(L"child");
  // The condition reads the table only; the arguments are read after it.
  const absl::Span<const Process> processes =
      List({.fields = ProcessField::kArguments,
            .pids = std::vector<int32_t>{own_pid_, child.pid()},
            .condition = [&child](const Process& process) {
              if (process.pid == child.pid()) child.End();
              return true;
            }});
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes[0].pid, own_pid_);
}

}  // namespace
}  // namespace tallyman::platform
