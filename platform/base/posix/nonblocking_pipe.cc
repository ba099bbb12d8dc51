#include "platform/base/posix/nonblocking_pipe.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {

absl::StatusOr<NonblockingPipe> NonblockingPipe::Create() {
  std::array<int, 2> ends;
  if (pipe(ends.data()) != 0) return absl::ErrnoToStatus(errno, "pipe");
  NonblockingPipe made;
  made.read_ = UniqueFd(ends[0]);
  made.write_ = UniqueFd(ends[1]);
  for (const int end : ends) {
    if (fcntl(end, F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(end, F_SETFD, FD_CLOEXEC) != 0) {
      return absl::ErrnoToStatus(errno, "fcntl");
    }
  }
  return made;
}

void NonblockingPipe::Put(unsigned char byte) const {
  while (write(write_.get(), &byte, 1) < 0 && errno == EINTR) {
  }
}

std::optional<unsigned char> NonblockingPipe::Take() {
  unsigned char byte = 0;
  ssize_t got = 0;
  do {
    got = read(read_.get(), &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) return std::nullopt;
  return byte;
}

}  // namespace tallyman::base
