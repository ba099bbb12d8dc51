// The fixture and helpers of the tests of output files.

#ifndef TALLYMAN_STACKS_OUTPUT_TESTING_OUTPUT_LOG_FIXTURE_H_
#define TALLYMAN_STACKS_OUTPUT_TESTING_OUTPUT_LOG_FIXTURE_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_rotation.h"

namespace tallyman::stacks {

inline const InstanceKey kWeb = {
    .stack_uid = "5f0c", .process = "web", .number = 1};

// The bytes of a file; "" if there is none.
inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return std::move(contents).str();
}

inline bool Exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

inline void Write(const base::UniqueFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd.get(), bytes.data(), bytes.size());
    ASSERT_GT(put, 0);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

// "line 1\n" to "line `count`\n".
inline std::string Lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) absl::StrAppend(&text, "line ", i, "\n");
  return text;
}

// Has an OutputLogs in a directory of its own, and helpers for the instance
// kWeb.
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

  // Whether the test's file system can take bytes from the front of a file.
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
  std::string rotated_path() const { return RotatedOutputPath(path()); }

  platform::TempDirectory directory_;
  const std::string root_ = directory_.path();
  std::optional<OutputLogs> logs_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_TESTING_OUTPUT_LOG_FIXTURE_H_
