#include "storage/data_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"

namespace tallyman::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

mode_t ModeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

class DataDirectoryTest : public testing::Test {
 protected:
  platform::TempDirectory directory_;
  const std::string root_ = directory_.path();
};

TEST_F(DataDirectoryTest, CreatesTheDirectoryAndItsParentsForTheOwnerOnly) {
  const std::string path = absl::StrCat(root_, "/a/b/c");
  absl::StatusOr<DataDirectory> data = DataDirectory::Open(path);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(ModeOf(path), 0700);
  EXPECT_EQ(ModeOf(absl::StrCat(root_, "/a")), 0700);
  EXPECT_EQ(ModeOf(data->FilePath("lock")), 0600);
}

TEST_F(DataDirectoryTest, AllowsTrailingAndDoubledSlashes) {
  EXPECT_TRUE(DataDirectory::Open(absl::StrCat(root_, "//a//b/")).ok());
}

TEST_F(DataDirectoryTest, PathIsAbsoluteWithLinksResolved) {
  const std::string real = absl::StrCat(root_, "/real");
  const std::string link = absl::StrCat(root_, "/link");
  ASSERT_EQ(mkdir(real.c_str(), 0700), 0);
  ASSERT_EQ(symlink("real", link.c_str()), 0);
  absl::StatusOr<DataDirectory> data = DataDirectory::Open(link);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->path().front(), '/');
  EXPECT_THAT(data->FilePath("x"), testing::EndsWith("/real/x"));
}

TEST_F(DataDirectoryTest, TightensAnEmptyDirectory) {
  const std::string path = absl::StrCat(root_, "/empty");
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  ASSERT_TRUE(DataDirectory::Open(path).ok());
  EXPECT_EQ(ModeOf(path), 0700);
}

TEST_F(DataDirectoryTest, TightensADirectoryThatWasUsedBefore) {
  const std::string path = absl::StrCat(root_, "/used");
  ASSERT_TRUE(DataDirectory::Open(path).ok());
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  ASSERT_TRUE(DataDirectory::Open(path).ok());
  EXPECT_EQ(ModeOf(path), 0700);
}

TEST_F(DataDirectoryTest, RefusesADirectoryOpenToOthersWithFiles) {
  const std::string path = absl::StrCat(root_, "/shared");
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  std::ofstream(absl::StrCat(path, "/foreign")) << "x";
  const absl::Status status = DataDirectory::Open(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path), HasSubstr("chmod 700")));
  EXPECT_EQ(ModeOf(path), 0755);
}

TEST_F(DataDirectoryTest, APrivateDirectoryMayHoldOtherFiles) {
  std::ofstream(absl::StrCat(root_, "/foreign")) << "x";
  EXPECT_TRUE(DataDirectory::Open(root_).ok());
}

TEST_F(DataDirectoryTest, RefusesAFile) {
  const std::string path = absl::StrCat(root_, "/file");
  std::ofstream(path) << "x";
  absl::Status status = DataDirectory::Open(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path), HasSubstr("is a file")));

  status = DataDirectory::Open(absl::StrCat(path, "/below")).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
}

TEST_F(DataDirectoryTest, RefusesAnEmptyPath) {
  EXPECT_EQ(DataDirectory::Open("").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DataDirectoryTest, NamesADirectoryWithoutWritePermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root can write everywhere";
  ASSERT_EQ(chmod(root_.c_str(), 0500), 0);
  absl::Status status = DataDirectory::Open(root_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr(root_));
  status = DataDirectory::Open(absl::StrCat(root_, "/below")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  ASSERT_EQ(chmod(root_.c_str(), 0700), 0);
}

TEST_F(DataDirectoryTest, RefusesTheDirectoryOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
  if (chown(root_.c_str(), 1, 1) != 0) GTEST_SKIP() << "no second uid here";
  const absl::Status status = DataDirectory::Open(root_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("belongs to uid 1 "));
}

TEST_F(DataDirectoryTest, RefusesASecondServerAndNamesThePidOfTheFirst) {
  absl::StatusOr<DataDirectory> first = DataDirectory::Open(root_);
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = DataDirectory::Open(root_).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(second.message()),
      AllOf(HasSubstr(root_), HasSubstr(absl::StrCat("pid ", getpid(), ")"))));
}

TEST_F(DataDirectoryTest, ALockThatIsNoFileIsNotAnotherServer) {
  ASSERT_EQ(mkdir(absl::StrCat(root_, "/lock").c_str(), 0700), 0);
  const absl::Status status = DataDirectory::Open(root_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(root_), HasSubstr("\"lock\" is not a file"),
                    Not(HasSubstr("another server"))));
}

TEST_F(DataDirectoryTest, TheLockMovesAndEndsWithTheObject) {
  {
    absl::StatusOr<DataDirectory> first = DataDirectory::Open(root_);
    ASSERT_TRUE(first.ok()) << first.status();
    DataDirectory moved = *std::move(first);
    EXPECT_FALSE(DataDirectory::Open(root_).ok());
  }
  EXPECT_TRUE(DataDirectory::Open(root_).ok());
}

TEST_F(DataDirectoryTest, TheLockEndsWithAKilledProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    absl::StatusOr<DataDirectory> data = DataDirectory::Open(root_);
    const char byte = data.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    while (true) pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  const absl::Status held = DataDirectory::Open(root_).status();
  EXPECT_THAT(std::string(held.message()),
              HasSubstr(absl::StrCat("pid ", child, ")")));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(DataDirectory::Open(root_).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST_F(DataDirectoryTest, TheLockIsNotInheritedThroughExec) {
  absl::StatusOr<DataDirectory> data = DataDirectory::Open(root_);
  ASSERT_TRUE(data.ok()) << data.status();
  int cloexec = 0;
  struct stat lock;
  ASSERT_EQ(stat(data->FilePath("lock").c_str(), &lock), 0);
  for (int fd = 0; fd < 256; ++fd) {
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_ino == lock.st_ino &&
        info.st_dev == lock.st_dev) {
      EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
      ++cloexec;
    }
  }
  EXPECT_EQ(cloexec, 1);
}

}  // namespace
}  // namespace tallyman::storage
