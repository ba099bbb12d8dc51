// A directory for a test.

#ifndef TALLYMAN_STORAGE_TESTING_TEMP_DIRECTORY_H_
#define TALLYMAN_STORAGE_TESTING_TEMP_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tallyman::storage {

// An empty directory, which goes with all that is in it when the object goes:
// to be declared before what uses it. Dies (CHECK) if it can't be made.
class TempDirectory {
 public:
  TempDirectory() : path_(absl::StrCat(testing::TempDir(), "/testXXXXXX")) {
    CHECK(mkdtemp(path_.data()) != nullptr) << path_;
  }
  ~TempDirectory() {
    // A process that is about to end may remove files of its own meanwhile,
    // which is an error here; once more, and it is none.
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

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_TESTING_TEMP_DIRECTORY_H_
