// Linux: the gate is a socket pair (unix(7)).

#include "platform/held_child.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/held_program.h"
#include "platform/linux/proc_files.h"

namespace tallyman::platform {

using Step = LaunchFailure::Step;

std::string LaunchFailure::Message(const LaunchSpec& spec) const {
  const FailureText text = TextOf(step, spec);
  return std::string(absl::ErrnoToStatus(error, absl::StrCat(text.before, " \"",
                                                             text.name, "\""))
                         .message());
}

absl::StatusOr<Gate> Gate::Create() {
  std::array<int, 2> ends;
  // Packets, so that a report arrives whole.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    const int error = errno;
    absl::Status status =
        absl::ErrnoToStatus(error, "cannot create a socket pair");
    if (!IsExhaustion(error)) return status;
    return absl::UnavailableError(status.message());
  }
  return Gate(base::UniqueFd(ends[0]), base::UniqueFd(ends[1]));
}

absl::Status Gate::Release() {
  constexpr char kByte = 'r';
  while (true) {
    if (send(fd_.get(), &kByte, 1, MSG_NOSIGNAL) == 1) return absl::OkStatus();
    // The child has failed or was killed; Outcome() reports that.
    if (errno == EPIPE || errno == ECONNRESET) return absl::OkStatus();
    if (errno != EINTR) {
      return absl::ErrnoToStatus(errno, "cannot release a held child");
    }
  }
}

Gate::State Gate::Outcome() {
  if (failure_.error != 0) return State::kFailed;
  LaunchReport report = {};
  while (true) {
    const ssize_t got = recv(fd_.get(), &report, sizeof(report), MSG_DONTWAIT);
    if (got == sizeof(report)) break;
    if (got >= 0) return State::kRunning;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return State::kPending;
    // ECONNRESET: the child ended without reading the release. Its report may
    // follow.
    if (errno != EINTR && errno != ECONNRESET) return State::kRunning;
  }
  failure_.step =
      report.step >= 0 && report.step <= static_cast<int32_t>(Step::kExec)
          ? static_cast<Step>(report.step)
          : Step::kSetUp;
  failure_.error = report.error != 0 ? report.error : EIO;
  return State::kFailed;
}

}  // namespace tallyman::platform
