#include "stacks/output/output_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "storage/testing/temp_directory.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const InstanceKey kWeb = {.stack_uid = "5f0c", .process = "web", .number = 1};

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return std::move(contents).str();
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

void Write(const base::UniqueFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd.get(), bytes.data(), bytes.size());
    ASSERT_GT(put, 0);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

// "line 1\n" to "line `count`\n".
std::string Lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) absl::StrAppend(&text, "line ", i, "\n");
  return text;
}

class OutputLogTest : public testing::Test {
 protected:
  void SetUp() override { Open({}); }

  void Open(OutputLogs::Options options) {
    auto logs = OutputLogs::Open(absl::StrCat(root_, "/logs"), options);
    ASSERT_TRUE(logs.ok()) << logs.status();
    logs_ = *std::move(logs);
  }

  base::UniqueFd Append(const InstanceKey& key = kWeb) {
    absl::StatusOr<base::UniqueFd> fd = logs_->OpenForAppend(key);
    EXPECT_TRUE(fd.ok()) << fd.status();
    return fd.ok() ? *std::move(fd) : base::UniqueFd();
  }

  std::vector<std::string> Tail(int64_t lines) {
    auto tail = logs_->Tail(kWeb, lines);
    EXPECT_TRUE(tail.ok()) << tail.status();
    return tail.ok() ? *std::move(tail) : std::vector<std::string>();
  }

  bool Rotate() {
    absl::StatusOr<bool> rotated = logs_->RotateIfLarge(kWeb);
    EXPECT_TRUE(rotated.ok()) << rotated.status();
    return rotated.ok() && *rotated;
  }

  // Whether the file system of the test can take bytes from the front of files.
  bool CanCollapse() {
    const std::string path = absl::StrCat(root_, "/probe");
    const base::UniqueFd fd(
        open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    Write(fd, std::string(2 << 20, 'x'));
    struct stat info;
    EXPECT_EQ(fstat(fd.get(), &info), 0);
    return fallocate(fd.get(), FALLOC_FL_COLLAPSE_RANGE, 0, info.st_blksize) ==
           0;
  }

  std::string path() const { return logs_->Path(kWeb); }
  std::string rotated_path() const { return absl::StrCat(path(), ".1"); }

  storage::TempDirectory directory_;
  const std::string root_ = directory_.path();
  std::optional<OutputLogs> logs_;
};

TEST_F(OutputLogTest, FilesAreMadeForTheOwnerAlone) {
  Append();
  EXPECT_EQ(path(), absl::StrCat(root_, "/logs/5f0c/web.1.log"));
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(absl::StrCat(root_, "/logs/5f0c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(OutputLogTest, AppendsToWhatIsThere) {
  Write(Append(), "one\n");
  Write(Append(), "two\n");
  EXPECT_EQ(Contents(path()), "one\ntwo\n");
}

TEST_F(OutputLogTest, KeysThatAreNoFileNamesAreRefused) {
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

TEST_F(OutputLogTest, OpeningTellsWhatIsInTheWay) {
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

TEST_F(OutputLogTest, TailOfNothingIsEmpty) {
  EXPECT_THAT(Tail(10), IsEmpty());
  const base::UniqueFd fd = Append();
  EXPECT_THAT(Tail(10), IsEmpty());
  Write(fd, "line\n");
  EXPECT_THAT(Tail(0), IsEmpty());
  EXPECT_THAT(Tail(-1), IsEmpty());
}

TEST_F(OutputLogTest, TailGivesTheLastLinesOldestFirst) {
  Write(Append(), "one\ntwo\nthree\n");
  EXPECT_THAT(Tail(1), ElementsAre("three"));
  EXPECT_THAT(Tail(2), ElementsAre("two", "three"));
  EXPECT_THAT(Tail(3), ElementsAre("one", "two", "three"));
  EXPECT_THAT(Tail(4), ElementsAre("one", "two", "three"));
}

TEST_F(OutputLogTest, ALineWithoutAnEndCounts) {
  Write(Append(), "one\ntwo");
  EXPECT_THAT(Tail(1), ElementsAre("two"));
  EXPECT_THAT(Tail(2), ElementsAre("one", "two"));
}

TEST_F(OutputLogTest, EmptyLinesCountAndOneCarriageReturnIsPartOfAnEnd) {
  Write(Append(), "\none\r\n\r\ntwo\r\r\n\nthree\r");
  EXPECT_THAT(Tail(10), ElementsAre("", "one", "", "two\r", "", "three\r"));
  EXPECT_THAT(Tail(3), ElementsAre("two\r", "", "three\r"));
}

TEST_F(OutputLogTest, BytesComeBackAsTheyAre) {
  const std::string odd("a\0b\xff\xc3", 5);
  Write(Append(), absl::StrCat(odd, "\n", odd));
  EXPECT_THAT(Tail(2), ElementsAre(odd, odd));
}

TEST_F(OutputLogTest, TailCrossesTheBlocksThatItReads) {
  Write(Append(), Lines(50000));
  const std::vector<std::string> tail = Tail(9999);
  ASSERT_THAT(tail, SizeIs(9999));
  for (int i = 0; i < 9999; ++i) {
    ASSERT_EQ(tail[static_cast<size_t>(i)], absl::StrCat("line ", 40002 + i));
  }
  EXPECT_THAT(Tail(std::numeric_limits<int64_t>::max()), SizeIs(kMaxLogLines));
}

TEST_F(OutputLogTest, TailFindsLinesAtAnyPlaceOfABlock) {
  // The boundary of 64 KiB from the end falls on each byte of a line's end.
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

TEST_F(OutputLogTest, TailLeavesOutWhatIsBeyondTheLimitOfBytes) {
  const std::string line(999, 'x');
  const base::UniqueFd fd = Append();
  for (int i = 0; i < 2000; ++i) Write(fd, absl::StrCat(line, "\n"));
  // 1,048 whole lines of 1,000 bytes; the cut one is dropped.
  const std::vector<std::string> tail = Tail(2000);
  EXPECT_THAT(tail, SizeIs(kMaxLogBytes / 1000));
  for (const std::string& got : tail) ASSERT_EQ(got, line);
}

TEST_F(OutputLogTest, ALineThatBeginsJustAtTheLimitOfBytesIsWhole) {
  const std::string half(kMaxLogBytes / 2 - 1, 'x');
  Write(Append(), absl::StrCat("older\n", half, "\n", half, "\n"));
  EXPECT_THAT(Tail(3), ElementsAre(half, half));
}

TEST_F(OutputLogTest, OfALineBeyondTheLimitOfBytesTheEndIsReturned) {
  Write(Append(),
        absl::StrCat("older\n", std::string(kMaxLogBytes, 'x'), "end"));
  const std::vector<std::string> tail = Tail(2);
  ASSERT_THAT(tail, SizeIs(1));
  EXPECT_EQ(tail[0].size(), static_cast<size_t>(kMaxLogBytes));
  EXPECT_TRUE(absl::EndsWith(tail[0], "xend"));
}

TEST_F(OutputLogTest, TailOfAHugeFileReadsOnlyItsEnd) {
  const base::UniqueFd fd = Append();
  // Sparse: to read all of it would take memory and minutes.
  ASSERT_EQ(ftruncate(fd.get(), int64_t{1} << 40), 0);
  Write(fd, "\none\ntwo\n");
  EXPECT_THAT(Tail(2), ElementsAre("one", "two"));
  EXPECT_EQ(logs_->LastLine(kWeb), "two");
}

TEST_F(OutputLogTest, LastLineSkipsBlankOnes) {
  EXPECT_EQ(logs_->LastLine(kWeb), "");
  const base::UniqueFd fd = Append();
  Write(fd, " \n\t\r\n");
  EXPECT_EQ(logs_->LastLine(kWeb), "");
  Write(fd, "before\n  fatal: no disk\r\n\n \n");
  EXPECT_EQ(logs_->LastLine(kWeb), "  fatal: no disk");
  Write(fd, "going on");
  EXPECT_EQ(logs_->LastLine(kWeb), "going on");
  // More than the first look sees.
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
  // Longer than the first look, and than the second.
  Write(fd, absl::StrCat("begin", std::string(10000, 'x'), "\n"));
  EXPECT_TRUE(absl::StartsWith(logs_->LastLine(kWeb), "beginxxx"));
  Write(fd, absl::StrCat("begin", std::string(100000, 'x'), "\n"));
  EXPECT_EQ(logs_->LastLine(kWeb), std::string(500, 'x'));
}

TEST_F(OutputLogTest, WhatIsNotTooLargeStays) {
  Open({.max_bytes = 4096});
  EXPECT_FALSE(Rotate());
  const base::UniqueFd fd = Append();
  Write(fd, std::string(4096, 'x'));
  EXPECT_FALSE(Rotate());
  EXPECT_FALSE(Exists(rotated_path()));
  Write(fd, "x");
  EXPECT_TRUE(Rotate());
  EXPECT_FALSE(Rotate());
}

// With and without the help of the file system.
class RotationTest : public OutputLogTest,
                     public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    OutputLogTest::SetUp();
    Open({.max_bytes = 4096, .may_collapse = GetParam()});
  }
};
INSTANTIATE_TEST_SUITE_P(, RotationTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& info) {
                           return info.param ? "Collapsing" : "Cutting";
                         });

TEST_P(RotationTest, MovesAllThatWasWrittenAndTheWriterGoesOn) {
  const std::string before = Lines(3000);
  const base::UniqueFd fd = Append();
  Write(fd, before);
  ASSERT_TRUE(Rotate());
  EXPECT_EQ(absl::StrCat(Contents(rotated_path()), Contents(path())), before);
  EXPECT_LE(Contents(path()).size(), GetParam() ? 65536u : 0u);
  EXPECT_FALSE(Exists(absl::StrCat(path(), ".tmp")));
  Write(fd, "after\n");
  EXPECT_EQ(absl::StrCat(Contents(rotated_path()), Contents(path())),
            absl::StrCat(before, "after\n"));
}

TEST_P(RotationTest, TailJoinsTheFiles) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(3000));
  ASSERT_TRUE(Rotate());
  EXPECT_THAT(Tail(2), ElementsAre("line 2999", "line 3000"));
  EXPECT_EQ(logs_->LastLine(kWeb), "line 3000");
  Write(fd, "after");
  const std::vector<std::string> tail = Tail(kMaxLogLines);
  ASSERT_THAT(tail, SizeIs(3001));
  for (size_t i = 0; i < 3000; ++i) {
    ASSERT_EQ(tail[i], absl::StrCat("line ", i + 1));
  }
  EXPECT_EQ(tail[3000], "after");
}

TEST_P(RotationTest, TheNextOneReplacesWhatWasBefore) {
  const base::UniqueFd fd = Append();
  Write(fd, std::string(10000, 'a'));
  ASSERT_TRUE(Rotate());
  const std::string kept = Contents(path());
  Write(fd, std::string(10000, 'b'));
  ASSERT_TRUE(Rotate());
  EXPECT_EQ(absl::StrCat(Contents(rotated_path()), Contents(path())),
            absl::StrCat(kept, std::string(10000, 'b')));
}

TEST_P(RotationTest, GoesOnAfterOneThatACrashInterrupted) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(3000));
  // Renamed, but not taken from the file; and a copy that was not finished.
  std::ofstream(rotated_path()) << Lines(3000).substr(0, 8192);
  std::ofstream(absl::StrCat(path(), ".tmp")) << std::string(99999, 'x');
  ASSERT_TRUE(Rotate());
  EXPECT_EQ(absl::StrCat(Contents(rotated_path()), Contents(path())),
            Lines(3000));
}

TEST_P(RotationTest, AFailureChangesNothingAndSaysWhy) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(3000));
  ASSERT_EQ(mkdir(absl::StrCat(path(), ".tmp").c_str(), 0700), 0);
  const absl::Status status = logs_->RotateIfLarge(kWeb).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path()));
  EXPECT_EQ(Contents(path()), Lines(3000));
  EXPECT_FALSE(Exists(rotated_path()));
  // The copy can be made, and not be renamed.
  ASSERT_EQ(rmdir(absl::StrCat(path(), ".tmp").c_str()), 0);
  ASSERT_EQ(mkdir(rotated_path().c_str(), 0700), 0);
  EXPECT_FALSE(logs_->RotateIfLarge(kWeb).ok());
  EXPECT_EQ(Contents(path()), Lines(3000));
  EXPECT_FALSE(Exists(absl::StrCat(path(), ".tmp")));
}

TEST_P(RotationTest, ReadersMeetNoGapAndNothingTwice) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(1));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const std::vector<std::string> tail = Tail(kMaxLogLines);
      ASSERT_FALSE(tail.empty());
      int64_t previous = 0;
      // The first one may have lost its beginning; of the last one a part may
      // have been written so far (writes are seen page by page).
      for (size_t i = 1; i + 1 < tail.size(); ++i) {
        ASSERT_TRUE(absl::StartsWith(tail[i], "line ")) << tail[i];
        const int64_t number = std::strtoll(tail[i].c_str() + 5, nullptr, 10);
        if (previous != 0) {
          ASSERT_EQ(number, previous + 1);
        }
        previous = number;
      }
    }
  });
  for (int i = 2; i <= 20000; ++i) {
    Write(fd, absl::StrCat("line ", i, "\n"));
    if (i % 400 == 0) Rotate();
  }
  done = true;
  reader.join();
}

TEST_F(OutputLogTest, NothingIsLostWhileAProgramWrites) {
  if (!CanCollapse()) GTEST_SKIP() << "a file system that can't collapse";
  Open({.max_bytes = 4096});
  const base::UniqueFd fd = Append();
  constexpr int kCount = 100000;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 1; i <= kCount; ++i) {
      Write(fd, absl::StrCat("line ", i, "\n"));
    }
    done = true;
  });
  std::string all;
  int rotations = 0;
  bool last = false;
  while (!last) {
    last = done;  // Once more after the last write.
    if (!Rotate()) continue;
    ++rotations;
    all += Contents(rotated_path());
  }
  writer.join();
  all += Contents(path());
  EXPECT_GT(rotations, 0);
  EXPECT_TRUE(all == Lines(kCount)) << rotations << " rotations";
}

TEST_F(OutputLogTest, RemovingAStackRemovesItsFilesAlone) {
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
  // A program that is still there may go on writing, to nobody.
  Write(fd, "web\n");
}

}  // namespace
}  // namespace tallyman::stacks
