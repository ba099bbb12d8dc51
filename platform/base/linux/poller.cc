#include "platform/base/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
namespace {

static_assert(kReadable == EPOLLIN && kWritable == EPOLLOUT &&
              kFailed == EPOLLERR && kHungUp == EPOLLHUP &&
              kReadEnds == EPOLLRDHUP);
static_assert(kOneWakes == EPOLLEXCLUSIVE &&
              kEdgeTriggered == static_cast<uint32_t>(EPOLLET));

constexpr uint64_t kWakeId = 0;

}  // namespace

struct Poller::State {
  UniqueFd epoll;
  UniqueFd wake;  // An eventfd(2).
};

Poller::Poller(std::unique_ptr<State> state) : state_(std::move(state)) {}
Poller::Poller(Poller&&) noexcept = default;
Poller& Poller::operator=(Poller&&) noexcept = default;
Poller::~Poller() = default;

absl::StatusOr<Poller> Poller::Create() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeId}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  }
  return Poller(std::make_unique<State>(
      State{.epoll = std::move(epoll), .wake = std::move(wake)}));
}

bool Poller::Add(uint64_t id, int fd, uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = id}};
  if (epoll_ctl(state_->epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0) {
    return true;
  }
  // Other errors are the caller's: EBADF, EEXIST, EPERM.
  CHECK(errno == ENOMEM || errno == ENOSPC) << "epoll_ctl, errno " << errno;
  return false;
}

// The kernel sees that the descriptor was not ready.
void Poller::Await(uint64_t /*id*/, uint32_t /*events*/) {}

void Poller::Remove(uint64_t /*id*/, int fd) {
  epoll_ctl(state_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

size_t Poller::Wait(int timeout_ms, absl::Span<Ready> ready) {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(
      state_->epoll.get(), events.data(),
      static_cast<int>(std::min(events.size(), ready.size())), timeout_ms);
  CHECK(count >= 0 || errno == EINTR);
  size_t filled = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<size_t>(i));
    if (event.data.u64 != kWakeId) {
      ready[filled++] = {.id = event.data.u64, .events = event.events};
      continue;
    }
    uint64_t ignored = 0;
    // Resets the counter.
    while (read(state_->wake.get(), &ignored, sizeof(ignored)) < 0 &&
           errno == EINTR) {
    }
  }
  return filled;
}

void Poller::Wake() const {
  const uint64_t one = 1;
  // Fails only if the counter is at its maximum: a wake-up is pending already.
  while (write(state_->wake.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

}  // namespace tallyman::base
