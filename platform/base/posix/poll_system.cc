#include "platform/base/polling/poll_system.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/poller.h"
#include "platform/base/posix/nonblocking_pipe.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
namespace {

short FlagsOf(uint32_t interest) {
  return static_cast<short>(((interest & kReadable) != 0 ? POLLIN : 0) |
                            ((interest & kWritable) != 0 ? POLLOUT : 0));
}

uint32_t EventsOf(short flags) {
  return ((flags & POLLIN) != 0 ? kReadable : 0) |
         ((flags & POLLOUT) != 0 ? kWritable : 0) |
         ((flags & (POLLERR | POLLNVAL)) != 0 ? kFailed : 0) |
         ((flags & POLLHUP) != 0 ? kHungUp : 0);
}

}  // namespace

struct PollSystem::State {
  NonblockingPipe wake;
  std::vector<pollfd> fds;
};

PollSystem::PollSystem(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
PollSystem::PollSystem(PollSystem&&) noexcept = default;
PollSystem& PollSystem::operator=(PollSystem&&) noexcept = default;
PollSystem::~PollSystem() = default;

absl::StatusOr<PollSystem> PollSystem::Create() {
  absl::StatusOr<NonblockingPipe> wake = NonblockingPipe::Create();
  if (!wake.ok()) return wake.status();
  return PollSystem(std::make_unique<State>(State{.wake = *std::move(wake)}));
}

void PollSystem::Wait(int timeout_ms, std::vector<Polled>& polled) {
  std::vector<pollfd>& fds = state_->fds;
  fds.clear();
  fds.push_back({.fd = state_->wake.read_end(), .events = POLLIN});
  for (const Polled& each : polled) {
    fds.push_back({.fd = each.fd, .events = FlagsOf(each.interest)});
  }
  const int count =
      poll(fds.data(), static_cast<nfds_t>(fds.size()), timeout_ms);
  CHECK(count >= 0 || errno == EINTR || errno == EAGAIN);
  for (size_t i = 0; i < polled.size(); ++i) {
    polled[i].events = count > 0 ? EventsOf(fds[i + 1].revents) : 0;
  }
  if (count > 0 && fds[0].revents != 0) state_->wake.Drain();
}

void PollSystem::Wake() const { state_->wake.Put(1); }

}  // namespace tallyman::base
