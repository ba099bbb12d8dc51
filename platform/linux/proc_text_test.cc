#include "platform/linux/proc_text.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

constexpr std::string_view kStatus =
    "Name:\tnginx\n"
    "Umask:\t0022\n"
    "State:\tS (sleeping)\n"
    "Tgid:\t812\n"
    "Ngid:\t0\n"
    "Pid:\t812\n"
    "PPid:\t1\n"
    "TracerPid:\t0\n"
    "Uid:\t0\t33\t33\t33\n"
    "Gid:\t0\t33\t33\t33\n"
    "FDSize:\t64\n"
    "Groups:\t33 \n"
    "VmPeak:\t   65644 kB\n"
    "VmSize:\t   64548 kB\n"
    "VmLck:\t       0 kB\n"
    "VmHWM:\t   13508 kB\n"
    "VmRSS:\t   12060 kB\n"
    "RssAnon:\t    2176 kB\n"
    "Threads:\t4\n"
    "SigQ:\t0/96209\n";

TEST(ParseStatusTest, ReadsEveryField) {
  const std::optional<StatusText> status = ParseStatus(kStatus);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->escaped_name, "nginx");
  EXPECT_EQ(status->state, ProcessState::kSleeping);
  EXPECT_EQ(status->thread_group_id, 812);
  EXPECT_EQ(status->parent_pid, 1);
  EXPECT_EQ(status->effective_uid, 33u);  // Not the real one, 0.
  EXPECT_EQ(status->num_threads, 4);
  EXPECT_EQ(status->virtual_bytes, 64548 * 1024);
  EXPECT_EQ(status->resident_bytes, 12060 * 1024);
  EXPECT_EQ(status->peak_resident_bytes, 13508 * 1024);
}

TEST(ParseStatusTest, NoMemoryLinesMeanNoAddressSpace) {
  const std::optional<StatusText> status = ParseStatus(
      "Name:\tkthreadd\nState:\tS (sleeping)\nUid:\t0\t0\t0\t0\n"
      "Threads:\t1\n");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->virtual_bytes, 0);
  EXPECT_EQ(status->resident_bytes, 0);
  EXPECT_EQ(status->peak_resident_bytes, 0);
}

TEST(ParseStatusTest, KnowsEveryState) {
  const std::array<std::pair<char, ProcessState>, 11> states = {
      {{'R', ProcessState::kRunning},
       {'S', ProcessState::kSleeping},
       {'D', ProcessState::kDiskSleep},
       {'T', ProcessState::kStopped},
       {'t', ProcessState::kTracingStop},
       {'Z', ProcessState::kZombie},
       {'X', ProcessState::kDead},
       {'x', ProcessState::kDead},
       {'I', ProcessState::kIdle},
       {'P', ProcessState::kParked},
       {'?', ProcessState::kUnknown}}};
  for (const auto& [letter, state] : states) {
    const std::optional<StatusText> status =
        ParseStatus(std::string("Name:\ta\nState:\t") + letter + " (words)\n");
    ASSERT_TRUE(status.has_value()) << letter;
    EXPECT_EQ(status->state, state) << letter;
  }
}

TEST(ParseStatusTest, ANameMayLookLikeAnotherField) {
  const std::optional<StatusText> status = ParseStatus(
      "Name:\t  State:\tZ \\n\\\\x\nState:\tR (running)\nThreads:\t1\n");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->escaped_name, "  State:\tZ \\n\\\\x");
  EXPECT_EQ(status->state, ProcessState::kRunning);
}

TEST(ParseStatusTest, RefusesMalformedText) {
  EXPECT_FALSE(ParseStatus("").has_value());
  EXPECT_FALSE(ParseStatus("\n").has_value());
  EXPECT_FALSE(ParseStatus("Name:\tcut off").has_value());
  EXPECT_FALSE(ParseStatus("Name:\ta\nState:\t\n").has_value());
  EXPECT_FALSE(ParseStatus("State:\tR (running)\nName:\ta\n").has_value());
}

TEST(ParseStatusTest, NumbersThatDoNotFitAreUnknown) {
  const std::optional<StatusText> status = ParseStatus(
      "Name:\ta\nState:\tR (running)\nPPid:\t4294967296\nUid:\t0\t-1\t0\t0\n"
      "VmSize:\t9223372036854775807 kB\nVmRSS:\t99999999999999999999 kB\n"
      "VmHWM:\tmuch\nThreads:\t\n");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->parent_pid, -1);
  EXPECT_FALSE(status->effective_uid.has_value());
  EXPECT_EQ(status->virtual_bytes, -1);
  EXPECT_EQ(status->resident_bytes, -1);
  EXPECT_EQ(status->peak_resident_bytes, -1);
  EXPECT_EQ(status->num_threads, -1);
}

TEST(ParseStatusTest, NoPrefixOfAFileIsMisread) {
  for (size_t size = 0; size < kStatus.size(); ++size) {
    const std::optional<StatusText> status =
        ParseStatus(kStatus.substr(0, size));
    if (!status) continue;
    EXPECT_EQ(status->state, ProcessState::kSleeping) << size;
  }
}

std::string Unescape(std::string_view escaped) {
  std::string buffer(escaped.size(), '\0');
  return std::string(UnescapeName(escaped, buffer.data()));
}

TEST(UnescapeNameTest, UndoesTheKernelsEscaping) {
  EXPECT_EQ(Unescape(""), "");
  EXPECT_EQ(Unescape("plain"), "plain");
  EXPECT_EQ(Unescape("a\\nb"), "a\nb");
  EXPECT_EQ(Unescape("a\\\\nb"), "a\\nb");
  EXPECT_EQ(Unescape("\\\\\\n"), "\\\n");
  EXPECT_EQ(Unescape("end\\"), "end\\");
}

TEST(ParseStatTest, ReadsFieldsAfterAnyName) {
  for (const std::string name :
       {"nginx", "(bash process)", ") S 1 2", "a) R (b\n\\"}) {
    const std::optional<StatText> stat = ParseStat(
        "812 (" + name +
        ") S 1 812 811 0 -1 4194304 100 0 5 0 31 17 0 0 20 0 4 0 107959 "
        "66097152 3015 18446744073709551615\n");
    ASSERT_TRUE(stat.has_value()) << name;
    EXPECT_EQ(stat->state, ProcessState::kSleeping) << name;
    EXPECT_EQ(stat->parent_pid, 1) << name;
    EXPECT_EQ(stat->process_group, 812) << name;
    EXPECT_EQ(stat->session, 811) << name;
    EXPECT_EQ(stat->user_ticks, 31) << name;
    EXPECT_EQ(stat->system_ticks, 17) << name;
    EXPECT_EQ(stat->start_ticks, 107959) << name;
  }
}

TEST(ParseStatTest, AProcessThatIsBeingRemovedHasNoGroup) {
  const std::optional<StatText> stat = ParseStat(
      "812 (a) X 0 -1 -1 0 -1 4194304 100 0 5 0 31 17 0 0 20 0 4 0 107959 0");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->state, ProcessState::kDead);
  EXPECT_EQ(stat->process_group, -1);
  EXPECT_EQ(stat->session, -1);
  EXPECT_EQ(stat->start_ticks, 107959);
}

TEST(ParseStatTest, RefusesTruncatedText) {
  EXPECT_FALSE(ParseStat("").has_value());
  EXPECT_FALSE(ParseStat("812 (nginx").has_value());
  EXPECT_FALSE(ParseStat("812 (nginx) S 1 812").has_value());
  EXPECT_FALSE(
      ParseStat(
          "812 (a) S 1 812 812 0 -1 4194304 100 0 5 0 x 17 0 0 20 0 4 0 9")
          .has_value());
}

TEST(ParseIoTest, ReadsTheStorageLayerOnly) {
  const std::optional<IoText> io = ParseIo(
      "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\n"
      "write_bytes: 8192\ncancelled_write_bytes: 5\n");
  ASSERT_TRUE(io.has_value());
  EXPECT_EQ(io->read_bytes, 4096);
  EXPECT_EQ(io->written_bytes, 8192);
}

TEST(ParseIoTest, NeedsBothLines) {
  EXPECT_FALSE(ParseIo("").has_value());
  EXPECT_FALSE(ParseIo("read_bytes: 1\n").has_value());
  EXPECT_FALSE(ParseIo("read_bytes: 1\nwrite_bytes: -\n").has_value());
}

TEST(ParseBootTimeTest, FindsTheLine) {
  EXPECT_EQ(ParseBootTime("cpu  1 2 3\nctxt 5\nbtime 1795302236\nsoftirq 1\n"),
            1795302236);
  EXPECT_EQ(ParseBootTime("cpu  1 2 3\n"), std::nullopt);
}

TEST(ParsePidTest, AcceptsPidsOnly) {
  EXPECT_EQ(ParsePid("1"), 1);
  EXPECT_EQ(ParsePid("4194304"), 4194304);
  for (const std::string_view name :
       {"", "0", "007", "4194305", "99999999999", "-1", "1x", "self", "+1"}) {
    EXPECT_EQ(ParsePid(name), std::nullopt) << name;
  }
}

TEST(EnvironTest, FindsTheFirstOfAVariable) {
  constexpr std::string_view kText("A=1\0AB=2\0A=3\0B=\0C", 17);
  EXPECT_EQ(FindVariable(kText, "A"), "1");
  EXPECT_EQ(FindVariable(kText, "AB"), "2");
  EXPECT_EQ(FindVariable(kText, "B"), "");
  EXPECT_EQ(FindVariable(kText, "C"), std::nullopt);
  EXPECT_EQ(FindVariable("", "A"), std::nullopt);
}

}  // namespace
}  // namespace tallyman::platform
