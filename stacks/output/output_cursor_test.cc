#include "stacks/output/output_cursor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
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

// "line FIRST", ..., "line LAST".
std::vector<std::string> Numbered(int first, int last) {
  std::vector<std::string> lines;
  for (int i = first; i <= last; ++i) lines.push_back(absl::StrCat("line ", i));
  return lines;
}

class OutputCursorTest : public OutputLogTest {
 protected:
  std::unique_ptr<OutputCursor> Cursor(OutputCursor::From from) {
    auto cursor = OutputCursor::Open(*logs_, kWeb, from);
    EXPECT_TRUE(cursor.ok()) << cursor.status();
    return *std::move(cursor);
  }

  // Reads all there is, in steps of `max_bytes`.
  void ReadAll(OutputCursor& cursor, int64_t max_bytes = 100) {
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) more = cursor.Read(max_bytes, read_);
    EXPECT_TRUE(more.ok()) << more.status();
  }

  LineRecorder read_;
};

TEST_F(OutputCursorTest, LinesAreReadOnce) {
  const base::UniqueFd fd = Append();
  Write(fd, "one\ntw");
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  ReadAll(*cursor);
  ReadAll(*cursor);
  EXPECT_THAT(read_.lines(), ElementsAre("one"));
  EXPECT_TRUE(cursor->has_partial_line());
  EXPECT_EQ(cursor->line_begin(), 4);
  Write(fd, "o\nthree\nfour");
  ReadAll(*cursor, 1);
  cursor->Flush(read_);
  EXPECT_THAT(read_.lines(), ElementsAre("one", "two", "three", "four+"));
}

TEST_F(OutputCursorTest, TheEndIsAfterTheLastCompleteLine) {
  const base::UniqueFd fd = Append();
  Write(fd, "one\ntwo\nthr");
  const auto cursor = Cursor(OutputCursor::From::kEnd);
  EXPECT_EQ(cursor->line_begin(), 8);
  Write(fd, "ee\n");
  ReadAll(*cursor);
  EXPECT_THAT(read_.lines(), ElementsAre("three"));
}

TEST_F(OutputCursorTest, TheEndOfALineThatNeverEndsIsNear) {
  const base::UniqueFd fd = Append();
  Write(fd, std::string(1 << 20, 'x'));
  const auto cursor = Cursor(OutputCursor::From::kEnd);
  Write(fd, "\n");
  ReadAll(*cursor, 1 << 20);
  ASSERT_THAT(read_.lines(), SizeIs(1));
  EXPECT_EQ(read_.lines()[0].size(), kMaxOutputPieceBytes);
}

TEST_F(OutputCursorTest, AMissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(
      OutputCursor::Open(*logs_, kWeb, OutputCursor::From::kEnd).status()));
}

// With true: as on a file system that can't collapse.
class OutputCursorRotationTest : public OutputCursorTest,
                                 public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    Open({.max_bytes = 4096, .may_collapse = !GetParam()});
  }
};

INSTANTIATE_TEST_SUITE_P(, OutputCursorRotationTest, testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Truncated" : "Collapsed";
                         });

TEST_P(OutputCursorRotationTest, ARotationLosesAndRepeatsNothing) {
  const base::UniqueFd fd = Append();
  Write(fd, "line 1\nline 2\nli");
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  ReadAll(*cursor);
  // Far more than a block, so that most of it is rotated before it is read.
  Write(fd, "ne 3\n");
  for (int i = 4; i <= 3000; ++i) Write(fd, absl::StrCat("line ", i, "\n"));
  ASSERT_TRUE(Rotate());
  Write(fd, "line 3001\n");
  ReadAll(*cursor, 1000);
  EXPECT_EQ(read_.lines(), Numbered(1, 3001));
  EXPECT_EQ(cursor->rotations(), 1);
  EXPECT_THAT(read_.gaps(), IsEmpty());
}

TEST_P(OutputCursorRotationTest, TwoRotationsBeforeAReadAreAGap) {
  const base::UniqueFd fd = Append();
  Write(fd, "line 1\n");
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  ReadAll(*cursor);
  Write(fd, Lines(3000));
  ASSERT_TRUE(Rotate());
  Write(fd, Lines(3000));
  ASSERT_TRUE(Rotate());
  Write(fd, "last\n");
  ReadAll(*cursor, 10000);
  EXPECT_EQ(read_.lines()[1], "gap");
  EXPECT_THAT(read_.gaps(), ElementsAre(OutputGap::Reason::kRotated));
  EXPECT_EQ(read_.lines().back(), "last");
}

TEST_P(OutputCursorRotationTest, AMarkStaysValid) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(1000));
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  ReadAll(*cursor);
  const OutputMark before = read_.marks()[499];
  const std::optional<OutputPosition> position = cursor->Find(before);
  EXPECT_EQ(position, static_cast<int64_t>(Lines(500).size()));
  ASSERT_TRUE(Rotate());
  Write(fd, "after\n");
  ReadAll(*cursor);
  EXPECT_EQ(cursor->Find(before), position);
  const OutputMark after = read_.marks().back();
  EXPECT_NE(after.generation, before.generation);
  EXPECT_EQ(cursor->Find(after), cursor->line_begin());

  // Another server knows the files as they are now only. The bytes before the
  // rotation have negative positions there.
  Open({.max_bytes = 4096, .may_collapse = !GetParam()});
  const auto other = Cursor(OutputCursor::From::kEnd);
  EXPECT_EQ(other->Find(after), other->line_begin());
  EXPECT_EQ(other->Find(before), std::nullopt);
}

TEST_P(OutputCursorRotationTest, AWriterIsReadWhileItsFileIsRotated) {
  constexpr int kLines = 20000;
  const base::UniqueFd fd = Append();
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  // Rotates after each read, thus at most once for each 4 KiB: the reader is
  // never two rotations behind. Where bytes can be lost between the last copy
  // and the truncation, the writer waits meanwhile.
  absl::Mutex writing;
  std::thread writer([&] {
    for (int i = 1; i <= kLines; ++i) {
      absl::ReaderMutexLock lock(&writing);
      Write(fd, absl::StrCat("line ", i, "\n"));
    }
  });
  while (read_.lines().size() < kLines && read_.gaps().empty()) {
    ReadAll(*cursor, 100000);
    if (GetParam()) writing.Lock();
    Rotate();
    if (GetParam()) writing.Unlock();
  }
  writer.join();
  EXPECT_EQ(read_.lines(), Numbered(1, kLines));
  EXPECT_GT(cursor->rotations(), 0);
}

TEST_F(OutputCursorTest, AProgramThatTruncatesItsFileIsAGap) {
  const base::UniqueFd fd = Append();
  Write(fd, "one\ntwo\nthr");
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  ReadAll(*cursor);
  ASSERT_EQ(ftruncate(fd.get(), 0), 0);
  Write(fd, "four\n");
  ReadAll(*cursor);
  EXPECT_THAT(read_.lines(), ElementsAre("one", "two", "thr+", "gap", "four"));
  EXPECT_THAT(read_.gaps(), ElementsAre(OutputGap::Reason::kTruncated));
}

TEST_F(OutputCursorTest, ARemovedFileIsReadToItsEnd) {
  const base::UniqueFd fd = Append();
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  Write(fd, "goodbye\n");
  ASSERT_TRUE(logs_->RemoveStack(kWeb.stack_uid).ok());
  ReadAll(*cursor);
  EXPECT_THAT(read_.lines(), ElementsAre("goodbye"));
}

TEST_F(OutputCursorTest, ANewFileOfTheSameNameIsAnother) {
  Append();
  const auto cursor = Cursor(OutputCursor::From::kBeginning);
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_TRUE(cursor->IsFile(info));
  std::filesystem::remove(path());
  Append();
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_FALSE(cursor->IsFile(info));
}

}  // namespace
}  // namespace tallyman::stacks
