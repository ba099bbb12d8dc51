#include "platform/base/pid_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"

namespace tallyman::base {
namespace {

using ::testing::HasSubstr;

class PidLockTest : public ::testing::Test {
 protected:
  int directory() const { return directory_.get(); }

 private:
  const platform::TempDirectory temp_;
  const UniqueFd directory_{
      open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(PidLockTest, NamesItsHolder) {
  EXPECT_EQ(PidFileHolder(directory(), "lock"), "pid unknown");
  const absl::StatusOr<UniqueFd> lock = LockPidFile(directory(), "lock", {});
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(PidFileHolder(directory(), "lock"), absl::StrCat("pid ", getpid()));
}

TEST_F(PidLockTest, HasOneHolder) {
  const absl::StatusOr<UniqueFd> first = LockPidFile(directory(), "lock", {});
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second =
      LockPidFile(directory(), "lock", {.timeout = absl::ZeroDuration()})
          .status();
  EXPECT_TRUE(absl::IsAlreadyExists(second)) << second;
  EXPECT_THAT(second.message(), HasSubstr(absl::StrCat("pid ", getpid())));
}

TEST_F(PidLockTest, ClosingTheDescriptorReleasesIt) {
  absl::StatusOr<UniqueFd> first = LockPidFile(directory(), "lock", {});
  ASSERT_TRUE(first.ok()) << first.status();
  first->reset();
  EXPECT_TRUE(
      LockPidFile(directory(), "lock", {.timeout = absl::ZeroDuration()}).ok());
}

TEST_F(PidLockTest, GiveUpEndsAnInfiniteWait) {
  const absl::StatusOr<UniqueFd> first = LockPidFile(directory(), "lock", {});
  int attempts = 0;
  const absl::Status second =
      LockPidFile(directory(), "lock",
                  {.timeout = absl::InfiniteDuration(),
                   .retry_interval = absl::Milliseconds(1),
                   .give_up = [&] { return ++attempts == 3; }})
          .status();
  EXPECT_TRUE(absl::IsAlreadyExists(second)) << second;
  EXPECT_EQ(attempts, 3);
}

TEST_F(PidLockTest, ADirectoryIsNotALockThatSomeoneHolds) {
  ASSERT_EQ(mkdirat(directory(), "lock", 0700), 0);
  const absl::Status refused = LockPidFile(directory(), "lock", {}).status();
  EXPECT_FALSE(refused.ok());
  EXPECT_FALSE(absl::IsAlreadyExists(refused)) << refused;
}

TEST_F(PidLockTest, ASymbolicLinkIsRefused) {
  ASSERT_EQ(symlinkat("elsewhere", directory(), "lock"), 0);
  EXPECT_FALSE(LockPidFile(directory(), "lock", {}).ok());
}

}  // namespace
}  // namespace tallyman::base
