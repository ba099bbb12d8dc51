#include "platform/windows/detail_reader.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "platform/arena.h"
#include "platform/process.h"
#include "platform/windows/account_names.h"
#include "platform/windows/fake_windows_system.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

constexpr int64_t kCreation = 132'455'060'550'000'000;
constexpr ProcessFields kBoth = ProcessField::kUser | ProcessField::kArguments;

class DetailReaderTest : public testing::Test {
 protected:
  DetailReaderTest() {
    system_.accounts()[sid_] = u"jblow";
    system_.Add({.pid = 8,
                 .creation_time = kCreation,
                 .sid = sid_,
                 .command_line = u"cmd /c dir"});
    Reset();
  }
  ~DetailReaderTest() override {
    EXPECT_EQ(system_.num_open(), 0);
    EXPECT_EQ(system_.calls().is_running,
              system_.processes()[0].exit_time == 0 ? 0 : 1);
  }

  FakeProcess& fake() { return system_.processes().front(); }

  // The process as the table has it.
  void Reset() {
    process_ = Process();
    process_.pid = 8;
    process_.start_ticks = kCreation;
  }

  // Expects the process to be listed with these strings.
  void ExpectListed(const std::string& user, const std::string& arguments,
                    ProcessFields fields = kBoth) {
    EXPECT_TRUE(reader_.FillIn(process_, fields));
    EXPECT_EQ(process_.user, user);
    EXPECT_EQ(process_.arguments, arguments);
    EXPECT_FALSE(reader_.exhausted());
  }

  // Expects the process to be left out, and to be unchanged.
  void ExpectLeftOut(ProcessFields fields = kBoth) {
    EXPECT_FALSE(reader_.FillIn(process_, fields));
    EXPECT_EQ(process_.user, "");
    EXPECT_EQ(process_.arguments, "");
  }

  const std::string sid_ = FakeSid(5, {21, 1, 2, 3, 1001});
  FakeWindowsSystem system_;
  SystemFeatures features_;
  AccountNames names_{system_};
  Arena strings_;
  DetailReader reader_{system_, features_, names_, strings_};
  Process process_;
};

TEST_F(DetailReaderTest, BothFieldsCostFiveSystemCalls) {
  ExpectListed("jblow", "cmd /c dir");
  EXPECT_EQ(system_.calls().system_calls(), 5);
  EXPECT_EQ(system_.calls().look_ups, 1);
}

TEST_F(DetailReaderTest, OnlyTheUser) {
  ExpectListed("jblow", "", ProcessField::kUser);
  EXPECT_EQ(system_.calls().system_calls(), 4);
  EXPECT_EQ(system_.calls().command_lines, 0);
}

TEST_F(DetailReaderTest, OnlyTheArguments) {
  ExpectListed("", "cmd /c dir", ProcessField::kArguments);
  EXPECT_EQ(system_.calls().system_calls(), 3);
  EXPECT_EQ(system_.calls().owners, 0);
  EXPECT_EQ(system_.calls().look_ups, 0);
}

TEST_F(DetailReaderTest, TheIdleProcessIsNotOpened) {
  process_.pid = 0;
  ExpectListed("", "");
  EXPECT_EQ(system_.calls().system_calls(), 0);
}

TEST_F(DetailReaderTest, AProcessThatIsGone) {
  fake().pid = 12;
  ExpectLeftOut();
  EXPECT_EQ(system_.calls().system_calls(), 1);
}

TEST_F(DetailReaderTest, AnotherProcessHasThePid) {
  fake().reused_at = kCreation + 1;
  ExpectLeftOut();
  // Nothing of the other process is looked up.
  EXPECT_EQ(system_.calls().look_ups, 0);
  fake().reused_at = 0;
  ExpectLeftOut();
}

TEST_F(DetailReaderTest, AProcessWithoutCreationTime) {
  process_.start_ticks = -1;
  fake().creation_time = 0;
  ExpectListed("jblow", "cmd /c dir");
  fake().creation_time = kCreation;
  Reset();
  process_.start_ticks = -1;
  ExpectLeftOut();
}

TEST_F(DetailReaderTest, AProcessThatEndedWhileItWasRead) {
  fake().exit_time = kCreation + 5;
  fake().is_running = false;
  ExpectLeftOut();
  EXPECT_EQ(system_.calls().look_ups, 0);
}

// The exit time of a process that runs is documented as undefined.
TEST_F(DetailReaderTest, AnExitTimeOfAProcessThatRuns) {
  fake().exit_time = kCreation + 5;
  ExpectListed("jblow", "cmd /c dir");
}

TEST_F(DetailReaderTest, AProcessThatIsEndingHasNoCommandLine) {
  fake().command_line_call = CallResult::kNotFound;
  ExpectLeftOut();
}

TEST_F(DetailReaderTest, AProcessThatMayNotBeOpened) {
  fake().open = CallResult::kAccessDenied;
  ExpectListed("", "");
  EXPECT_EQ(system_.calls().system_calls(), 1);
}

TEST_F(DetailReaderTest, AnErrorCostsItsOwnField) {
  fake().owner = CallResult::kAccessDenied;
  ExpectListed("", "cmd /c dir");
  Reset();
  fake().owner = CallResult::kOk;
  fake().command_line_call = CallResult::kFailed;
  ExpectListed("jblow", "");
}

TEST_F(DetailReaderTest, AProcessThatCannotBeIdentifiedHasNoDetails) {
  fake().times = CallResult::kAccessDenied;
  ExpectListed("", "");
}

TEST_F(DetailReaderTest, AProcessOfAnUnknownAccount) {
  system_.accounts().clear();
  ExpectListed("S-1-5-21-1-2-3-1001", "cmd /c dir");
}

TEST_F(DetailReaderTest, FieldsOfAnotherProcessAreNotReused) {
  system_.Add({.pid = 12, .creation_time = kCreation, .sid = "no SID"});
  ExpectListed("jblow", "cmd /c dir");
  Reset();
  process_.pid = 12;
  ExpectListed("", "");
}

TEST_F(DetailReaderTest, TheUsersOfOneListAreLookedUpOnce) {
  for (int i = 0; i < 5; ++i) {
    Reset();
    ExpectListed("jblow", "cmd /c dir");
  }
  EXPECT_EQ(system_.calls().look_ups, 1);
  EXPECT_EQ(system_.calls().owners, 5);
}

TEST_F(DetailReaderTest, ExhaustionEndsTheList) {
  for (CallResult FakeProcess::*const call :
       {&FakeProcess::open, &FakeProcess::owner,
        &FakeProcess::command_line_call, &FakeProcess::times}) {
    fake().*call = CallResult::kExhausted;
    DetailReader reader(system_, features_, names_, strings_);
    EXPECT_FALSE(reader.FillIn(process_, kBoth));
    EXPECT_TRUE(reader.exhausted());
    fake().*call = CallResult::kOk;
    system_.ClearCalls();
    EXPECT_FALSE(reader.FillIn(process_, kBoth));
    EXPECT_EQ(system_.calls().system_calls(), 0);
  }
}

class DetailsFromMemoryTest : public DetailReaderTest {
 protected:
  DetailsFromMemoryTest() {
    system_.set_has_command_line_call(false);
    AddPeb(u"notepad a.txt", /*is_32_bit=*/false, /*normalized=*/true, fake());
  }
};

TEST_F(DetailsFromMemoryTest, TheCallIsTriedOnce) {
  ExpectListed("jblow", "notepad a.txt");
  EXPECT_EQ(system_.calls().command_lines, 1);
  EXPECT_EQ(system_.calls().opens_for_memory, 1);
  system_.ClearCalls();
  Reset();
  ExpectListed("jblow", "notepad a.txt");
  EXPECT_EQ(system_.calls().system_calls(), 9);
  EXPECT_EQ(system_.calls().command_lines, 0);
}

TEST_F(DetailsFromMemoryTest, TheUserAloneNeedsNoMemory) {
  features_.has_command_line_call = false;
  ExpectListed("jblow", "", ProcessField::kUser);
  EXPECT_EQ(system_.calls().opens_for_memory, 0);
  EXPECT_EQ(system_.calls().system_calls(), 4);
}

TEST_F(DetailsFromMemoryTest, WithoutAccessToTheMemoryThereIsTheUser) {
  fake().open_for_memory = CallResult::kAccessDenied;
  ExpectListed("jblow", "");
  Reset();
  ExpectListed("jblow", "");
  EXPECT_EQ(system_.calls().memory_reads, 0);
}

TEST_F(DetailsFromMemoryTest, UnreadableMemoryCostsTheArguments) {
  fake().memory.clear();
  ExpectListed("jblow", "");
}

TEST_F(DetailsFromMemoryTest, AnotherProcessHasThePid) {
  features_.has_command_line_call = false;
  fake().reused_at = kCreation + 1;
  ExpectLeftOut();
}

TEST_F(DetailsFromMemoryTest, AProcessThatIsGone) {
  features_.has_command_line_call = false;
  fake().pid = 12;
  ExpectLeftOut();
  EXPECT_EQ(system_.calls().system_calls(), 1);
}

}  // namespace
}  // namespace tallyman::platform
