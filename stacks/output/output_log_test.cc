#include "stacks/output/output_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/testing/output_log_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(OutputLogTest, FilesAndDirectoriesAreTheOwnersOnly) {
  Append();
  EXPECT_EQ(path(), absl::StrCat(root_, "/logs/5f0c/web.1.log"));
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(absl::StrCat(root_, "/logs/5f0c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(OutputLogTest, AppendsToAnExistingFile) {
  Write(Append(), "one\n");
  Write(Append(), "two\n");
  EXPECT_EQ(Contents(path()), "one\ntwo\n");
}

TEST_F(OutputLogTest, KeysThatAreNoFileNamesAreInvalid) {
  const InstanceKey keys[] = {
      {.stack_uid = "", .process = "web", .number = 1},
      {.stack_uid = "..", .process = "web", .number = 1},
      {.stack_uid = "a/b", .process = "web", .number = 1},
      {.stack_uid = "5f0c", .process = "", .number = 1},
      {.stack_uid = "5f0c", .process = ".", .number = 1},
      {.stack_uid = "5f0c", .process = "..", .number = 1},
      {.stack_uid = "5f0c", .process = "a/b", .number = 1},
      {.stack_uid = "5f0c", .process = std::string("a\0b", 3), .number = 1},
      {.stack_uid = "5f0c", .process = std::string(65, 'a'), .number = 1},
      {.stack_uid = "5f0c", .process = "web", .number = 0},
  };
  for (const InstanceKey& key : keys) {
    SCOPED_TRACE(absl::StrCat(key.stack_uid, " ", key.process));
    EXPECT_TRUE(absl::IsInvalidArgument(logs_->OpenForAppend(key).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(logs_->Tail(key, 1).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(logs_->RotateIfLarge(key).status()));
    EXPECT_EQ(logs_->LastLine(key), "");
    EXPECT_EQ(logs_->Path(key), "");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(logs_->RemoveStack("")));
  EXPECT_TRUE(absl::IsInvalidArgument(logs_->RemoveStack("../logs")));
}

TEST_F(OutputLogTest, OpenNamesTheFileInTheWay) {
  const std::string file = absl::StrCat(root_, "/file");
  std::ofstream(file) << "x";
  const absl::Status taken = OutputLogs::Open(file, {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(taken)) << taken;
  EXPECT_THAT(std::string(taken.message()), HasSubstr(file));
  const absl::Status orphan =
      OutputLogs::Open(absl::StrCat(root_, "/none/logs"), {}).status();
  EXPECT_TRUE(absl::IsNotFound(orphan)) << orphan;
  EXPECT_TRUE(absl::IsInvalidArgument(
      OutputLogs::Open(root_, {.max_bytes = 4095}).status()));
}

TEST_F(OutputLogTest, ASymbolicLinkIsNotFollowed) {
  ASSERT_EQ(mkdir(absl::StrCat(root_, "/logs/5f0c").c_str(), 0700), 0);
  const std::string target = absl::StrCat(root_, "/target");
  std::ofstream(target) << "secret\n";
  ASSERT_EQ(symlink(target.c_str(), path().c_str()), 0);
  EXPECT_FALSE(logs_->OpenForAppend(kWeb).ok());
  EXPECT_FALSE(logs_->Tail(kWeb, 1).ok());
  EXPECT_EQ(logs_->LastLine(kWeb), "");
}

TEST_F(OutputLogTest, TailIsEmptyWithoutOutput) {
  EXPECT_THAT(Tail(10), IsEmpty());
  const base::UniqueFd fd = Append();
  EXPECT_THAT(Tail(10), IsEmpty());
  Write(fd, "line\n");
  EXPECT_THAT(Tail(0), IsEmpty());
  EXPECT_THAT(Tail(-1), IsEmpty());
}

TEST_F(OutputLogTest, TailReturnsTheLastLinesOldestFirst) {
  Write(Append(), "one\ntwo\nthree\n");
  EXPECT_THAT(Tail(1), ElementsAre("three"));
  EXPECT_THAT(Tail(2), ElementsAre("two", "three"));
  EXPECT_THAT(Tail(3), ElementsAre("one", "two", "three"));
  EXPECT_THAT(Tail(4), ElementsAre("one", "two", "three"));
}

TEST_F(OutputLogTest, TailCountsALineWithoutAnEnd) {
  Write(Append(), "one\ntwo");
  EXPECT_THAT(Tail(1), ElementsAre("two"));
  EXPECT_THAT(Tail(2), ElementsAre("one", "two"));
}

TEST_F(OutputLogTest, TailCountsEmptyLinesAndRemovesOneCarriageReturn) {
  Write(Append(), "\none\r\n\r\ntwo\r\r\n\nthree\r");
  EXPECT_THAT(Tail(10), ElementsAre("", "one", "", "two\r", "", "three\r"));
  EXPECT_THAT(Tail(3), ElementsAre("two\r", "", "three\r"));
}

TEST_F(OutputLogTest, TailReturnsBytesUnchanged) {
  const std::string odd("a\0b\xff\xc3", 5);
  Write(Append(), absl::StrCat(odd, "\n", odd));
  EXPECT_THAT(Tail(2), ElementsAre(odd, odd));
}

TEST_F(OutputLogTest, TailCrossesItsReadBlocks) {
  Write(Append(), Lines(50000));
  const std::vector<std::string> tail = Tail(9999);
  ASSERT_THAT(tail, SizeIs(9999));
  for (int i = 0; i < 9999; ++i) {
    ASSERT_EQ(tail[static_cast<size_t>(i)], absl::StrCat("line ", 40002 + i));
  }
  EXPECT_THAT(Tail(std::numeric_limits<int64_t>::max()), SizeIs(kMaxLogLines));
}

TEST_F(OutputLogTest, TailFindsLineEndsAtABlockBoundary) {
  // The block boundary, 64 KiB from the end, meets each byte of a line end.
  for (int shift = -3; shift <= 3; ++shift) {
    const base::UniqueFd fd = Append();
    ASSERT_EQ(ftruncate(fd.get(), 0), 0);
    const std::string last(static_cast<size_t>((64 << 10) + shift), 'x');
    Write(fd, absl::StrCat("one\r\ntwo\r\n", last, "\n"));
    EXPECT_THAT(Tail(1), ElementsAre(last));
    EXPECT_THAT(Tail(2), ElementsAre("two", last));
    EXPECT_THAT(Tail(5), ElementsAre("one", "two", last));
  }
}

TEST_F(OutputLogTest, TailLeavesOutLinesBeyondTheByteLimit) {
  const std::string line(999, 'x');
  const base::UniqueFd fd = Append();
  for (int i = 0; i < 2000; ++i) Write(fd, absl::StrCat(line, "\n"));
  // 1,048 whole lines of 1,000 bytes; the one at the limit is left out.
  const std::vector<std::string> tail = Tail(2000);
  EXPECT_THAT(tail, SizeIs(kMaxLogBytes / 1000));
  for (const std::string& got : tail) ASSERT_EQ(got, line);
}

TEST_F(OutputLogTest, TailReturnsALineThatBeginsAtTheByteLimit) {
  const std::string half(kMaxLogBytes / 2 - 1, 'x');
  Write(Append(), absl::StrCat("older\n", half, "\n", half, "\n"));
  EXPECT_THAT(Tail(3), ElementsAre(half, half));
}

TEST_F(OutputLogTest, TailReturnsTheEndOfALineBeyondTheByteLimit) {
  Write(Append(),
        absl::StrCat("older\n", std::string(kMaxLogBytes, 'x'), "end"));
  const std::vector<std::string> tail = Tail(2);
  ASSERT_THAT(tail, SizeIs(1));
  EXPECT_EQ(tail[0].size(), static_cast<size_t>(kMaxLogBytes));
  EXPECT_TRUE(absl::EndsWith(tail[0], "xend"));
}

TEST_F(OutputLogTest, TailOfAHugeFileReadsOnlyItsEnd) {
  const base::UniqueFd fd = Append();
  // Sparse: reading the whole file would take minutes.
  ASSERT_EQ(ftruncate(fd.get(), int64_t{1} << 40), 0);
  Write(fd, "\none\ntwo\n");
  EXPECT_THAT(Tail(2), ElementsAre("one", "two"));
  EXPECT_EQ(logs_->LastLine(kWeb), "two");
}

TEST_F(OutputLogTest, LastLineSkipsBlankLines) {
  EXPECT_EQ(logs_->LastLine(kWeb), "");
  const base::UniqueFd fd = Append();
  Write(fd, " \n\t\r\n");
  EXPECT_EQ(logs_->LastLine(kWeb), "");
  Write(fd, "before\n  fatal: no disk\r\n\n \n");
  EXPECT_EQ(logs_->LastLine(kWeb), "  fatal: no disk");
  Write(fd, "going on");
  EXPECT_EQ(logs_->LastLine(kWeb), "going on");
  // More than the first read covers.
  Write(fd, std::string(10000, '\n'));
  EXPECT_EQ(logs_->LastLine(kWeb), "going on");
  Write(fd, std::string(64 << 10, '\n'));
  EXPECT_EQ(logs_->LastLine(kWeb), "");
}

TEST_F(OutputLogTest, LastLineIsCutBetweenCharacters) {
  const base::UniqueFd fd = Append();
  const std::string letters(499, 'x');
  Write(fd, absl::StrCat(letters, "yz\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), absl::StrCat(letters, "y"));
  Write(fd, absl::StrCat(letters, "\xc3\xa4\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), letters);
  Write(fd, absl::StrCat(letters.substr(2), "\xf0\x9f\x98\x80\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), letters.substr(2));
  Write(fd, absl::StrCat(letters.substr(1), "\xc3\xa4\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), absl::StrCat(letters.substr(1), "\xc3\xa4"));
  // Not UTF-8 at all.
  Write(fd, absl::StrCat(std::string(600, '\x80'), "\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), std::string(500, '\x80'));
  // Longer than the first read, then longer than the second.
  Write(fd, absl::StrCat("begin", std::string(10000, 'x'), "\n"));
  EXPECT_TRUE(absl::StartsWith(logs_->LastLine(kWeb), "beginxxx"));
  Write(fd, absl::StrCat("begin", std::string(100000, 'x'), "\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), std::string(500, 'x'));
}

TEST_F(OutputLogTest, RemoveStackRemovesOnlyItsFiles) {
  const InstanceKey other = {
      .stack_uid = "77aa", .process = "web", .number = 1};
  const base::UniqueFd fd = Append();
  Write(fd, "web\n");
  Write(Append(other), "other\n");
  std::ofstream(rotated_path()) << "older\n";
  std::ofstream(absl::StrCat(path(), ".tmp")) << "left over\n";
  EXPECT_TRUE(logs_->RemoveStack("5f0c").ok());
  EXPECT_FALSE(Exists(absl::StrCat(root_, "/logs/5f0c")));
  EXPECT_EQ(Contents(logs_->Path(other)), "other\n");
  EXPECT_THAT(Tail(10), IsEmpty());
  EXPECT_FALSE(Rotate());
  EXPECT_TRUE(logs_->RemoveStack("5f0c").ok());
  // A program that still has the file open can go on writing.
  Write(fd, "web\n");
}

}  // namespace
}  // namespace tallyman::stacks
