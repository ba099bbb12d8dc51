// The rotation of output files, through OutputLogs.

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_log.h"
#include "stacks/output/testing/output_log_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(OutputLogTest, AFileUpToTheLimitIsNotRotated) {
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

// With FALLOC_FL_COLLAPSE_RANGE, and with copy and truncation.
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
                           return info.param ? "Collapsing" : "Truncating";
                         });

TEST_P(RotationTest, MovesAllBytesAndTheWriterGoesOn) {
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

TEST_P(RotationTest, TheNextRotationReplacesTheRotatedFile) {
  const base::UniqueFd fd = Append();
  Write(fd, std::string(10000, 'a'));
  ASSERT_TRUE(Rotate());
  const std::string kept = Contents(path());
  Write(fd, std::string(10000, 'b'));
  ASSERT_TRUE(Rotate());
  EXPECT_EQ(absl::StrCat(Contents(rotated_path()), Contents(path())),
            absl::StrCat(kept, std::string(10000, 'b')));
}

TEST_P(RotationTest, RecoversFromAnInterruptedRotation) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(3000));
  // A crash after the rename and before the collapse, and an unfinished copy.
  std::ofstream(rotated_path()) << Lines(3000).substr(0, 8192);
  std::ofstream(absl::StrCat(path(), ".tmp")) << std::string(99999, 'x');
  ASSERT_TRUE(Rotate());
  EXPECT_EQ(absl::StrCat(Contents(rotated_path()), Contents(path())),
            Lines(3000));
}

TEST_P(RotationTest, AFailureChangesNothingAndNamesTheFile) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(3000));
  ASSERT_EQ(mkdir(absl::StrCat(path(), ".tmp").c_str(), 0700), 0);
  const absl::Status status = logs_->RotateIfLarge(kWeb).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path()));
  EXPECT_EQ(Contents(path()), Lines(3000));
  EXPECT_FALSE(Exists(rotated_path()));
  // The copy succeeds, its rename fails.
  ASSERT_EQ(rmdir(absl::StrCat(path(), ".tmp").c_str()), 0);
  ASSERT_EQ(mkdir(rotated_path().c_str(), 0700), 0);
  EXPECT_FALSE(logs_->RotateIfLarge(kWeb).ok());
  EXPECT_EQ(Contents(path()), Lines(3000));
  EXPECT_FALSE(Exists(absl::StrCat(path(), ".tmp")));
}

TEST_P(RotationTest, ReadersSeeNoGapAndNoDuplicate) {
  const base::UniqueFd fd = Append();
  Write(fd, Lines(1));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const std::vector<std::string> tail = Tail(kMaxLogLines);
      ASSERT_FALSE(tail.empty());
      int64_t previous = 0;
      // The first line may lack its beginning, and the last one its end: writes
      // become visible page by page.
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

TEST_F(OutputLogTest, CollapsingLosesNothingWhileAProgramWrites) {
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

}  // namespace
}  // namespace tallyman::stacks
