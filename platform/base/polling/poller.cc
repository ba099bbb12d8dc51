// By poll(2) or WSAPoll(), which report levels: an edge is what was not
// reported since the last Await(). Each wait costs time for each descriptor.

#include "platform/base/poller.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/polling/poll_system.h"

namespace tallyman::base {
namespace {

// A descriptor whose peer has ended its stream is ready for ever on some
// systems. While it waits to be written to, it is tried so often instead.
constexpr int kHungUpRetryMs = 10;

constexpr uint32_t kInterest = kReadable | kWritable;

struct Watch {
  int fd = -1;
  bool is_edge_triggered = false;
  bool has_hung_up = false;
  uint32_t armed = 0;
};

}  // namespace

struct Poller::State {
  explicit State(PollSystem poll_system) : system(std::move(poll_system)) {}

  PollSystem system;
  std::unordered_map<uint64_t, Watch> watches;
  // The descriptors of one wait and their ids; members to reuse their memory.
  std::vector<Polled> polled;
  std::vector<uint64_t> polled_ids;
  // Where a wait goes on that had more events than space.
  std::vector<Ready> waiting;
};

Poller::Poller(std::unique_ptr<State> state) : state_(std::move(state)) {}
Poller::Poller(Poller&&) noexcept = default;
Poller& Poller::operator=(Poller&&) noexcept = default;
Poller::~Poller() = default;

absl::StatusOr<Poller> Poller::Create() {
  absl::StatusOr<PollSystem> system = PollSystem::Create();
  if (!system.ok()) return system.status();
  return Poller(std::make_unique<State>(*std::move(system)));
}

bool Poller::Add(uint64_t id, int fd, uint32_t events) {
  CHECK_GE(fd, 0);
  const bool is_new = state_->watches
                          .emplace(id, Watch{.fd = fd,
                                             .is_edge_triggered =
                                                 (events & kEdgeTriggered) != 0,
                                             .armed = events & kInterest})
                          .second;
  CHECK(is_new);
  return true;
}

void Poller::Await(uint64_t id, uint32_t events) {
  const auto found = state_->watches.find(id);
  if (found != state_->watches.end()) {
    found->second.armed |= events & kInterest;
  }
}

void Poller::Remove(uint64_t id, int /*fd*/) {
  state_->watches.erase(id);
  std::erase_if(state_->waiting,
                [id](const Ready& ready) { return ready.id == id; });
}

size_t Poller::Wait(int timeout_ms, absl::Span<Ready> ready) {
  State& state = *state_;
  if (state.waiting.empty()) {
    state.polled.clear();
    state.polled_ids.clear();
    std::vector<uint64_t> retried;
    for (const auto& [id, watch] : state.watches) {
      if (watch.has_hung_up) {
        if (watch.armed != 0) retried.push_back(id);
      } else if (watch.armed != 0 || !watch.is_edge_triggered) {
        state.polled.push_back({.fd = watch.fd, .interest = watch.armed});
        state.polled_ids.push_back(id);
      }
    }
    if (!retried.empty()) {
      timeout_ms = timeout_ms < 0 ? kHungUpRetryMs
                                  : std::min(timeout_ms, kHungUpRetryMs);
    }
    state.system.Wait(timeout_ms, state.polled);
    for (size_t i = 0; i < state.polled.size(); ++i) {
      uint32_t events = state.polled[i].events;
      if (events == 0) continue;
      Watch& watch = state.watches.at(state.polled_ids[i]);
      if (watch.is_edge_triggered) {
        if ((events & (kHungUp | kFailed)) != 0) watch.has_hung_up = true;
        // It may be the end of one direction only.
        if ((events & kHungUp) != 0) {
          events = (events & ~kHungUp) | kReadable | kReadEnds;
        }
        watch.armed &= ~events;
      }
      state.waiting.push_back({.id = state.polled_ids[i], .events = events});
    }
    for (const uint64_t id : retried) {
      Watch& watch = state.watches.at(id);
      state.waiting.push_back(
          {.id = id, .events = std::exchange(watch.armed, 0)});
    }
  }
  const size_t count = std::min(state.waiting.size(), ready.size());
  std::copy_n(state.waiting.begin(), count, ready.begin());
  state.waiting.erase(state.waiting.begin(),
                      state.waiting.begin() + static_cast<ptrdiff_t>(count));
  return count;
}

void Poller::Wake() const { state_->system.Wake(); }

}  // namespace tallyman::base
