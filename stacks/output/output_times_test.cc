#include "stacks/output/output_times.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_log.h"
#include "stacks/output/testing/output_log_fixture.h"

namespace tallyman::stacks {
namespace {

absl::Time At(int64_t second) { return absl::FromUnixSeconds(second); }

// "AFTER-SEEN" in seconds, with "?" for an unknown beginning.
std::string Text(const OutputTime& time) {
  return absl::StrCat(time.after == absl::InfinitePast()
                          ? "?"
                          : absl::StrCat(absl::ToUnixSeconds(time.after)),
                      "-", absl::ToUnixSeconds(time.seen));
}

class OutputTimesTest : public OutputLogTest {
 protected:
  void Mark(absl::Time after, absl::Time seen) {
    const absl::Status status =
        logs_->MarkTime(kWeb, after, [&] { return seen; });
    EXPECT_TRUE(status.ok()) << status;
  }
  OutputTimes Times() {
    const absl::StatusOr<OutputTimes> times = logs_->Times(kWeb);
    EXPECT_TRUE(times.ok()) << times.status();
    return times.ok() ? *times : OutputTimes();
  }
  // The number of marks that are in the file.
  std::vector<OutputTimeMark> Marks(uint64_t generation = 0) {
    const auto marks = LoadTimeMarks(path(), generation);
    EXPECT_TRUE(marks.ok()) << marks.status();
    return marks.ok() ? *marks : std::vector<OutputTimeMark>();
  }
  // Of the first `end` bytes, the last.
  std::string TimeOf(int64_t end) { return Text(Times().At(end)); }
};

TEST_F(OutputTimesTest, AMarkIsAboutTheBytesSinceTheLastOne) {
  const base::UniqueFd file = Append();
  Mark(absl::InfinitePast(), At(100));
  Write(file, "one\n");
  Mark(At(109), At(110));
  Mark(At(111), At(112));  // Nothing was written.
  Write(file, "two\nthree\n");
  Mark(absl::InfinitePast(), At(120));  // Not before the last mark.
  EXPECT_EQ(TimeOf(1), "109-110");
  EXPECT_EQ(TimeOf(4), "109-110");
  EXPECT_EQ(TimeOf(5), "110-120");
  EXPECT_EQ(TimeOf(14), "110-120");
  EXPECT_EQ(Marks().size(), 3);

  // What has no mark was written by the time of the file's last change.
  Write(file, "four\n");
  const OutputTime rest = Times().At(19);
  EXPECT_EQ(rest.after, At(120));
  EXPECT_GT(rest.seen, At(1'000'000'000));
}

TEST_F(OutputTimesTest, WhatWasThereBeforeHasNoBeginning) {
  Write(Append(), "old\n");
  Mark(absl::InfinitePast(), At(100));
  EXPECT_EQ(TimeOf(4), "?-100");
}

TEST_F(OutputTimesTest, WithoutAFileNothingIsMarked) {
  Mark(absl::InfinitePast(), At(100));
  EXPECT_FALSE(Exists(OutputTimesPath(path())));
}

TEST_F(OutputTimesTest, MarksOutliveTheServerAndItsRotations) {
  for (const bool may_collapse : {true, false}) {
    Open({.max_bytes = 4096, .may_collapse = may_collapse});
    ASSERT_TRUE(logs_->RemoveStack(kWeb.stack_uid).ok());
    const base::UniqueFd file = Append();
    Mark(absl::InfinitePast(), At(100));
    Write(file, std::string(3000, 'a'));
    Mark(At(100), At(110));
    Write(file, std::string(3000, 'b'));
    Mark(At(110), At(120));
    ASSERT_TRUE(Rotate());
    EXPECT_EQ(TimeOf(1), "100-110");
    EXPECT_EQ(TimeOf(3000), "100-110");
    EXPECT_EQ(TimeOf(3001), "110-120");
    EXPECT_EQ(TimeOf(6000), "110-120");
    Write(file, "c\n");
    Mark(At(120), At(130));
    EXPECT_EQ(TimeOf(6002), "120-130");

    // The positions of another object begin with the file.
    Open({.max_bytes = 4096, .may_collapse = may_collapse});
    const auto part =
        logs_->Read(kWeb, *logs_->OpenForRead(kWeb),
                    std::numeric_limits<int64_t>::min() / 2, 10000);
    ASSERT_TRUE(part.ok()) << part.status();
    const int64_t moved = 6002 - part->end;
    EXPECT_EQ(part->oldest, -moved);
    EXPECT_EQ(TimeOf(3000 - moved), "100-110");
    EXPECT_EQ(TimeOf(6000 - moved), "110-120");
    EXPECT_EQ(TimeOf(6002 - moved), "120-130");

    // The second rotation takes away the times of what is gone.
    Write(file, std::string(6000, 'd'));
    Mark(At(130), At(140));
    ASSERT_TRUE(Rotate());
    EXPECT_EQ(TimeOf(12002 - moved), "130-140");
    EXPECT_LE(Times().EndBefore(At(125)), 6000 - moved);
  }
}

TEST_F(OutputTimesTest, MarksOfAnUnknownRotationCountAsNone) {
  Open({.max_bytes = 4096});
  Write(Append(), std::string(6000, 'a'));
  Mark(At(100), At(110));
  // As if the server had ended between both.
  std::ofstream(rotated_path()) << "x";
  EXPECT_EQ(Times().At(6000).after, absl::InfinitePast());
  EXPECT_GT(Times().At(6000).seen, At(1'000'000'000));
  Mark(absl::InfinitePast(), At(2'000'000'000));
  EXPECT_EQ(TimeOf(6000), "?-2000000000");
}

TEST_F(OutputTimesTest, ATruncationForgetsTheTimesOfWhatIsGone) {
  const base::UniqueFd file = Append();
  Write(file, "one\ntwo\n");
  Mark(At(100), At(110));
  ASSERT_EQ(ftruncate(file.get(), 0), 0);
  Write(file, "new\n");
  Mark(At(115), At(120));
  EXPECT_EQ(TimeOf(4), "115-120");
  EXPECT_EQ(Marks().size(), 1);
}

TEST_F(OutputTimesTest, AnInterruptedWriteLosesOneMark) {
  const base::UniqueFd file = Append();
  Write(file, "one\n");
  Mark(At(100), At(110));
  std::ofstream(OutputTimesPath(path()), std::ios::app) << "part";
  EXPECT_EQ(TimeOf(4), "100-110");
  Write(file, "two\n");
  Mark(At(115), At(120));
  EXPECT_EQ(TimeOf(4), "100-110");
  EXPECT_EQ(TimeOf(8), "115-120");
}

TEST_F(OutputTimesTest, AClockThatIsSetBackKeepsTheOrderOfPlaces) {
  const base::UniqueFd file = Append();
  Write(file, "one\n");
  Mark(At(100), At(110));
  Write(file, "two\n");
  Mark(At(49), At(50));
  EXPECT_EQ(TimeOf(4), "100-110");
  EXPECT_EQ(TimeOf(8), "49-50");
}

// Above the limit the newest marks stay as they are, and the others cover their
// neighbours, so that no line is outside of its time.
TEST_F(OutputTimesTest, TheNumberOfMarksIsLimited) {
  constexpr int64_t kStart = 10000;
  Append();
  for (int64_t i = 1; i <= static_cast<int64_t>(kMaxTimeMarks) + 10; ++i) {
    ASSERT_TRUE(
        AppendTimeMark(path(), 0, i,
                       {.after = At(kStart + i - 1), .seen = At(kStart + i)})
            .ok());
  }
  const std::vector<OutputTimeMark> marks = Marks();
  EXPECT_LE(marks.size(), kMaxTimeMarks / 2 + 10);
  EXPECT_GE(marks.size(), kMaxTimeMarks / 4);
  const OutputTimes times = Times();
  for (int64_t i = 1; i <= static_cast<int64_t>(kMaxTimeMarks); i += 7) {
    const OutputTime time = times.At(i);
    EXPECT_LE(time.after, At(kStart + i - 1));
    EXPECT_GE(time.seen, At(kStart + i));
    EXPECT_LE(time.seen - time.after, absl::Seconds(8)) << i;
  }
  EXPECT_EQ(Text(times.At(static_cast<int64_t>(kMaxTimeMarks))), "42767-42768");
}

TEST_F(OutputTimesTest, EndBefore) {
  const OutputTimes times({{.end = 10, .time = {.seen = At(100)}},
                           {.end = 20, .time = {.seen = At(110)}}},
                          At(120));
  EXPECT_EQ(times.EndBefore(At(100)), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(times.EndBefore(At(101)), 10);
  EXPECT_EQ(times.EndBefore(At(111)), 20);
  EXPECT_TRUE(times.At(5).MayBeIn(At(0), At(50)));
  EXPECT_FALSE(times.At(15).MayBeIn(At(111), At(200)));
  EXPECT_FALSE(times.At(25).MayBeIn(At(0), At(109)));
  EXPECT_TRUE(times.At(25).MayBeIn(At(0), At(110)));
}

}  // namespace
}  // namespace tallyman::stacks
