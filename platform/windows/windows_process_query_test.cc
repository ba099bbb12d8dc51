// Which processes a query lists, and which calls it makes for them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/windows/fake_windows_system.h"
#include "platform/windows/windows_process_lister.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kNumProcesses = 6;

// The processes 4 to 24 with 1 to 6 threads and the names "1.exe" to "6.exe";
// "even" or "odd" owns them.
class WindowsProcessQueryTest : public testing::Test {
 protected:
  WindowsProcessQueryTest() {
    auto system = std::make_unique<FakeWindowsSystem>();
    system_ = system.get();
    lister_ = MakeWindowsProcessLister(std::move(system));
    system_->accounts()[even_] = u"even";
    system_->accounts()[odd_] = u"odd";
    for (uint32_t i = 1; i <= kNumProcesses; ++i) {
      const auto digit = static_cast<char16_t>(u'0' + i);
      system_->Add({.pid = uint64_t{4} * i,
                    .name = std::u16string(1, digit) + u".exe",
                    .num_threads = i,
                    .sid = i % 2 == 0 ? even_ : odd_,
                    .command_line = u"run " + std::u16string(1, digit)});
    }
  }
  ~WindowsProcessQueryTest() override { EXPECT_EQ(system_->num_open(), 0); }

  // The pids of the list. Counts its calls only.
  std::vector<int32_t> List(const ProcessQuery& query) {
    system_->ClearCalls();
    snapshot_ = lister_->List(query);
    CHECK_OK(snapshot_);
    std::vector<int32_t> pids;
    for (const Process& process : snapshot_->processes()) {
      pids.push_back(process.pid);
    }
    return pids;
  }

  FakeProcess& fake(int32_t pid) { return system_->processes()[pid / 4 - 1]; }

  const std::string even_ = FakeSid(5, {21, 1, 2, 3, 1002});
  const std::string odd_ = FakeSid(5, {21, 1, 2, 3, 1001});
  FakeWindowsSystem* system_;  // Owned by the lister.
  std::unique_ptr<ProcessLister> lister_;
  absl::StatusOr<ProcessSnapshot> snapshot_ = absl::UnknownError("no list");
};

bool IsEven(const Process& process) { return process.user == "even"; }
bool ByThreadsDown(const Process& a, const Process& b) {
  return a.num_threads > b.num_threads;
}

TEST_F(WindowsProcessQueryTest, AllFieldsOfAllProcesses) {
  EXPECT_THAT(List({}), ElementsAre(4, 8, 12, 16, 20, 24));
  const Process& last = snapshot_->processes()[5];
  EXPECT_EQ(last.name, "6.exe");
  EXPECT_EQ(last.arguments, "run 6");
  EXPECT_EQ(last.user, "even");
  EXPECT_EQ(system_->calls().system_calls(), 1 + 5 * kNumProcesses);
  EXPECT_EQ(system_->calls().closes, kNumProcesses);
  EXPECT_EQ(system_->calls().look_ups, 2);
}

TEST_F(WindowsProcessQueryTest, OwnersAreLookedUpOnceForAllLists) {
  List({});
  EXPECT_EQ(system_->calls().look_ups, 2);
  List({});
  EXPECT_EQ(system_->calls().system_calls(), 1 + 5 * kNumProcesses);
  EXPECT_EQ(system_->calls().look_ups, 0);
  EXPECT_EQ(snapshot_->processes()[0].user, "odd");
}

TEST_F(WindowsProcessQueryTest, TheTableAloneHasMostFields) {
  const ProcessFields fields = ProcessFields::All().Without(
      ProcessField::kUser | ProcessField::kArguments);
  EXPECT_EQ(List({.fields = fields}).size(), size_t{kNumProcesses});
  EXPECT_EQ(system_->calls().system_calls(), 1);
  EXPECT_EQ(snapshot_->processes()[2].name, "3.exe");
  EXPECT_EQ(snapshot_->processes()[2].num_threads, 3);
  EXPECT_EQ(snapshot_->processes()[2].user, "");
}

TEST_F(WindowsProcessQueryTest, ANameThatIsNotAskedForIsNotDecoded) {
  List({.fields = ProcessField::kNumThreads});
  EXPECT_EQ(snapshot_->processes()[2].name, "");
}

TEST_F(WindowsProcessQueryTest, OneDetailOnly) {
  List({.fields = ProcessField::kUser});
  EXPECT_EQ(system_->calls().owners, kNumProcesses);
  EXPECT_EQ(system_->calls().command_lines, 0);
  List({.fields = ProcessField::kArguments});
  EXPECT_EQ(system_->calls().owners, 0);
  EXPECT_EQ(system_->calls().look_ups, 0);
  EXPECT_EQ(system_->calls().command_lines, kNumProcesses);
}

TEST_F(WindowsProcessQueryTest, Pids) {
  EXPECT_THAT(List({.pids = std::vector<int32_t>{20, 8, 99, 20, -1}}),
              ElementsAre(8, 20));
  EXPECT_EQ(system_->calls().system_calls(), 1 + 5 * 2);
  EXPECT_THAT(List({.pids = std::vector<int32_t>{}}), IsEmpty());
  EXPECT_EQ(system_->calls().opens, 0);
}

TEST_F(WindowsProcessQueryTest, ALimitEndsTheReading) {
  EXPECT_THAT(List({.limit = 2}), ElementsAre(4, 8));
  EXPECT_EQ(system_->calls().opens, 2);
  EXPECT_THAT(List({.limit = 0}), IsEmpty());
  EXPECT_EQ(system_->calls().opens, 0);
}

TEST_F(WindowsProcessQueryTest, AConditionOnTheTable) {
  EXPECT_THAT(List({.fields = ProcessField::kArguments,
                    .condition =
                        [](const Process& process) {
                          return absl::StartsWith(process.name, "5");
                        },
                    .condition_fields = ProcessField::kName}),
              ElementsAre(20));
  EXPECT_EQ(system_->calls().opens, 1);
  EXPECT_EQ(snapshot_->processes()[0].arguments, "run 5");
}

TEST_F(WindowsProcessQueryTest, AConditionOnTheUser) {
  EXPECT_THAT(List({.fields = ProcessField::kArguments,
                    .condition = IsEven,
                    .condition_fields = ProcessField::kUser}),
              ElementsAre(8, 16, 24));
  EXPECT_EQ(system_->calls().owners, kNumProcesses);
  EXPECT_EQ(system_->calls().command_lines, 3);
}

TEST_F(WindowsProcessQueryTest, AnOrderAndALimit) {
  EXPECT_THAT(List({.fields = ProcessField::kArguments,
                    .order = ByThreadsDown,
                    .order_fields = ProcessField::kNumThreads,
                    .limit = 2}),
              ElementsAre(24, 20));
  EXPECT_EQ(system_->calls().command_lines, 2);
}

TEST_F(WindowsProcessQueryTest, ConditionOrderAndLimit) {
  EXPECT_THAT(List({.fields = ProcessFields::All(),
                    .condition = IsEven,
                    .condition_fields = ProcessField::kUser,
                    .order = ByThreadsDown,
                    .order_fields = ProcessField::kNumThreads,
                    .limit = 1}),
              ElementsAre(24));
  EXPECT_EQ(snapshot_->processes()[0].user, "even");
  EXPECT_EQ(snapshot_->processes()[0].arguments, "run 6");
  EXPECT_EQ(system_->calls().command_lines, 1);
}

TEST_F(WindowsProcessQueryTest, EndedAndReusedProcessesAreLeftOut) {
  fake(4).open = CallResult::kNotFound;
  fake(8).reused_at = fake(8).creation_time + 10;
  fake(12).exit_time = fake(12).creation_time + 10;
  fake(12).is_running = false;
  fake(16).open = CallResult::kAccessDenied;
  EXPECT_THAT(List({}), ElementsAre(16, 20, 24));
  const Process& denied = snapshot_->processes()[0];
  EXPECT_EQ(denied.name, "4.exe");
  EXPECT_EQ(denied.user, "");
  EXPECT_EQ(denied.arguments, "");
  // Others take their place under a limit.
  EXPECT_THAT(List({.limit = 2}), ElementsAre(16, 20));
}

TEST_F(WindowsProcessQueryTest, CommandLinesFromMemory) {
  system_->set_has_command_line_call(false);
  AddPeb(u"from memory", /*is_32_bit=*/false, /*normalized=*/true, fake(4));
  AddPeb(u"of 32 bits", /*is_32_bit=*/true, /*normalized=*/true, fake(8));
  EXPECT_EQ(List({}).size(), size_t{kNumProcesses});
  EXPECT_EQ(snapshot_->processes()[0].arguments, "from memory");
  EXPECT_EQ(snapshot_->processes()[1].arguments, "of 32 bits");
  EXPECT_EQ(snapshot_->processes()[2].arguments, "");
  EXPECT_EQ(snapshot_->processes()[2].user, "odd");
  EXPECT_EQ(system_->calls().command_lines, 1);
}

}  // namespace
}  // namespace tallyman::platform
