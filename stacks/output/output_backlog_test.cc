#include "stacks/output/output_backlog.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/testing/line_recorder.h"
#include "stacks/output/testing/output_log_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNoLimit = 1 << 20;

class OutputBacklogTest : public OutputLogTest {
 protected:
  void SetUp() override { Open({.max_bytes = 4096}); }

  std::vector<std::string> Read(const BacklogRange& range) {
    LineRecorder recorder;
    const absl::Status status = ReadBacklog(*logs_, kWeb, range, recorder);
    EXPECT_TRUE(status.ok()) << status;
    marks_ = recorder.marks();
    return recorder.lines();
  }
  std::vector<std::string> Last(int64_t lines, int64_t end,
                                int64_t max_bytes = kNoLimit) {
    return Read({.end = end, .max_lines = lines, .max_bytes = max_bytes});
  }
  std::vector<std::string> From(int64_t begin, int64_t end,
                                int64_t max_bytes = kNoLimit) {
    return Read({.begin = begin, .end = end, .max_bytes = max_bytes});
  }

  std::vector<OutputMark> marks_;
};

TEST_F(OutputBacklogTest, TheLastLinesEndWhereTheStreamBegins) {
  Write(Append(), "one\ntwo\r\nthree\nfour\n");
  EXPECT_THAT(Last(2, 15), ElementsAre("two", "three"));
  EXPECT_EQ(marks_.back().offset, 15);
  EXPECT_THAT(Last(1, 15), ElementsAre("three"));
  EXPECT_THAT(Last(3, 15), ElementsAre("one", "two", "three"));
  EXPECT_THAT(Last(9, 15), ElementsAre("one", "two", "three"));
  EXPECT_THAT(Last(0, 15), IsEmpty());
  EXPECT_THAT(Last(9, 0), IsEmpty());
  // The stream goes on in the middle of a line.
  EXPECT_THAT(Last(2, 17), ElementsAre("three", "fo+"));
}

TEST_F(OutputBacklogTest, ThereMayBeNoFile) {
  EXPECT_THAT(Last(5, 0), IsEmpty());
  EXPECT_THAT(From(-10, 0), IsEmpty());
}

TEST_F(OutputBacklogTest, LinesFromAPositionOn) {
  Write(Append(), "one\ntwo\nthree\n");
  EXPECT_THAT(From(4, 14), ElementsAre("two", "three"));
  EXPECT_THAT(From(4, 8), ElementsAre("two"));
  EXPECT_THAT(From(14, 14), IsEmpty());
  // After a piece of a line.
  EXPECT_THAT(From(5, 8), ElementsAre("wo"));
}

TEST_F(OutputBacklogTest, ItsSizeIsBounded) {
  Write(Append(), "one\ntwo\nthree\n");
  EXPECT_THAT(Last(9, 14, 6), ElementsAre("three"));
  EXPECT_THAT(Last(9, 14, 9), ElementsAre("three"));
  EXPECT_THAT(Last(9, 14, 10), ElementsAre("two", "three"));
  // Of a longer line, its end.
  EXPECT_THAT(Last(9, 14, 3), ElementsAre("ee"));
  EXPECT_THAT(From(0, 14, 10), ElementsAre("gap", "two", "three"));
  EXPECT_THAT(From(0, 14, 14), ElementsAre("one", "two", "three"));
  EXPECT_THAT(From(0, 14, 13), ElementsAre("gap", "two", "three"));
}

TEST_F(OutputBacklogTest, ManyLinesNeedASecondLook) {
  Write(Append(), Lines(20000));
  const auto end = static_cast<int64_t>(Lines(20000).size());
  const std::vector<std::string> lines = Last(15000, end);
  ASSERT_THAT(lines, SizeIs(15000));
  EXPECT_EQ(lines.front(), "line 5001");
  EXPECT_EQ(lines.back(), "line 20000");
}

TEST_F(OutputBacklogTest, RotatedLinesAreFound) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(1000));
  ASSERT_TRUE(Rotate());
  Write(fd, "after\n");
  const auto end = static_cast<int64_t>(Lines(1000).size()) + 6;
  const std::vector<std::string> all = Last(5000, end);
  ASSERT_THAT(all, SizeIs(1001));
  EXPECT_EQ(all[0], "line 1");
  EXPECT_THAT(From(static_cast<int64_t>(Lines(998).size()), end),
              ElementsAre("line 999", "line 1000", "after"));
  // Once more: the first lines are gone.
  Write(fd, Lines(1000));
  ASSERT_TRUE(Rotate());
  EXPECT_EQ(From(0, 2 * end).front(), "gap");
}

}  // namespace
}  // namespace tallyman::stacks
