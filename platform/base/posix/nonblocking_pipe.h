// A pipe that never blocks, for wake-ups.

#ifndef TALLYMAN_PLATFORM_BASE_POSIX_NONBLOCKING_PIPE_H_
#define TALLYMAN_PLATFORM_BASE_POSIX_NONBLOCKING_PIPE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {

// Closed on exec. Put() is thread-safe and async-signal-safe
// (signal-safety(7)), the rest is not.
class NonblockingPipe {
 public:
  static absl::StatusOr<NonblockingPipe> Create();

  // Readable while it has a byte.
  int read_end() const { return read_.get(); }

  // Drops the byte if the pipe is full: then it is readable already.
  void Put(unsigned char byte) const;

  std::optional<unsigned char> Take();

  // Takes all.
  void Drain() {
    while (Take()) {
    }
  }

 private:
  UniqueFd read_;
  UniqueFd write_;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_POSIX_NONBLOCKING_PIPE_H_
