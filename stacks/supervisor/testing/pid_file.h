// A FIFO through which a program under test sends a number, such as a pid, to
// the test.

#ifndef TALLYMAN_STACKS_SUPERVISOR_TESTING_PID_FILE_H_
#define TALLYMAN_STACKS_SUPERVISOR_TESTING_PID_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "stacks/supervisor/testing/supervised.h"

namespace tallyman::stacks {

class PidFile {
 public:
  explicit PidFile(const Supervised& app, std::string_view name = "pids")
      : path_(absl::StrCat(app.directory(), "/", name, ".fifo")) {
    CHECK_EQ(mkfifo(path_.c_str(), 0600), 0);
  }
  const std::string& path() const { return path_; }
  // Waits until a program has written a number and closed the FIFO.
  int32_t Read() const {
    std::ifstream file(path_);
    // To the end: else the next Read() could meet the same writer again.
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    int32_t pid = 0;
    CHECK(absl::SimpleAtoi(text, &pid)) << text;
    return pid;
  }

 private:
  std::string path_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_TESTING_PID_FILE_H_
