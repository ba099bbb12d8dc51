// A temporary directory for a test.

#ifndef TALLYMAN_PLATFORM_TESTING_TEMP_DIRECTORY_H_
#define TALLYMAN_PLATFORM_TESTING_TEMP_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tallyman::platform {

// Creates an empty directory, and removes it with its contents in the
// destructor: declare it before its users. Dies (CHECK) if it cannot be
// created.
class TempDirectory {
 public:
  TempDirectory() : path_(absl::StrCat(testing::TempDir(), "/testXXXXXX")) {
    CHECK(mkdtemp(path_.data()) != nullptr) << path_;
  }
  ~TempDirectory() {
    // remove_all fails if an ending process removes a file of its own at the
    // same time; then try again.
    constexpr int kAttempts = 10;
    std::error_code error;
    for (int i = 0; i < kAttempts; ++i) {
      std::filesystem::remove_all(path_, error);
      if (!error) return;
    }
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_TEMP_DIRECTORY_H_
