#include "platform/base/polling/poll_system.h"

#include <winsock2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/poller.h"
#include "platform/base/windows/loopback_signal.h"

namespace tallyman::base {
namespace {

short FlagsOf(uint32_t interest) {
  return static_cast<short>(((interest & kReadable) != 0 ? POLLRDNORM : 0) |
                            ((interest & kWritable) != 0 ? POLLWRNORM : 0));
}

uint32_t EventsOf(short flags) {
  return ((flags & POLLRDNORM) != 0 ? kReadable : 0) |
         ((flags & POLLWRNORM) != 0 ? kWritable : 0) |
         ((flags & (POLLERR | POLLNVAL)) != 0 ? kFailed : 0) |
         ((flags & POLLHUP) != 0 ? kHungUp : 0);
}

}  // namespace

struct PollSystem::State {
  LoopbackSignal wake;
  std::vector<WSAPOLLFD> fds;
};

PollSystem::PollSystem(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
PollSystem::PollSystem(PollSystem&&) noexcept = default;
PollSystem& PollSystem::operator=(PollSystem&&) noexcept = default;
PollSystem::~PollSystem() = default;

absl::StatusOr<PollSystem> PollSystem::Create() {
  absl::StatusOr<LoopbackSignal> wake = LoopbackSignal::Create();
  if (!wake.ok()) return wake.status();
  return PollSystem(
      std::make_unique<State>(State{.wake = *std::move(wake), .fds = {}}));
}

void PollSystem::Wait(int timeout_ms, std::vector<Polled>& polled) {
  std::vector<WSAPOLLFD>& fds = state_->fds;
  fds.clear();
  fds.push_back({.fd = static_cast<SOCKET>(state_->wake.fd()),
                 .events = POLLRDNORM,
                 .revents = 0});
  for (const Polled& each : polled) {
    fds.push_back({.fd = static_cast<SOCKET>(each.fd),
                   .events = FlagsOf(each.interest),
                   .revents = 0});
  }
  const int count =
      WSAPoll(fds.data(), static_cast<ULONG>(fds.size()), timeout_ms);
  CHECK_GE(count, 0) << "WSAPoll, error " << WSAGetLastError();
  for (size_t i = 0; i < polled.size(); ++i) {
    polled[i].events = count > 0 ? EventsOf(fds[i + 1].revents) : 0;
  }
  if (count > 0 && fds[0].revents != 0) state_->wake.Drain();
}

void PollSystem::Wake() const { state_->wake.Put(1); }

}  // namespace tallyman::base
