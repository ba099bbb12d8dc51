#include "stacks/keeper/send_queue.h"

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks::keeper {

absl::Status SendQueue::Push(int socket, Packet packet) {
  packets_.push_back(std::move(packet));
  // Behind others the packet waits for its turn.
  if (packets_.size() > 1) return absl::OkStatus();
  return Flush(socket);
}

absl::Status SendQueue::Flush(int socket) {
  std::vector<int> descriptors;
  while (!packets_.empty()) {
    const Packet& next = packets_.front();
    descriptors.clear();
    descriptors.reserve(next.descriptors.size());
    for (const base::UniqueFd& each : next.descriptors) {
      descriptors.push_back(each.get());
    }
    absl::Status sent = Send(socket, next.bytes, descriptors);
    if (absl::IsUnavailable(sent)) {
      state_ = State::kSocketFull;
      return absl::OkStatus();
    }
    if (absl::IsResourceExhausted(sent)) {
      state_ = State::kOutOfMemory;
      return absl::OkStatus();
    }
    if (absl::IsAborted(sent)) return sent;
    packets_.pop_front();
    if (!sent.ok()) {
      state_ = packets_.empty() ? State::kEmpty : State::kSocketFull;
      return sent;
    }
  }
  state_ = State::kEmpty;
  return absl::OkStatus();
}

SocketWatch::SocketWatch(base::EventLoop& loop, int socket,
                         std::function<void(uint32_t events)> on_events)
    : loop_(loop), socket_(socket), on_events_(std::move(on_events)) {}

void SocketWatch::Update(bool reads, SendQueue::State state) {
  if (state != SendQueue::State::kOutOfMemory) {
    retry_.reset();
  } else if (!retry_.active()) {
    retry_ = loop_.RunAfter(kRetryDelay, [this] {
      retry_.reset();
      // The callback may destroy this object.
      const std::function<void(uint32_t)> on_events = on_events_;
      on_events(EPOLLOUT);
    });
  }
  const bool writes = state == SendQueue::State::kSocketFull;
  const uint32_t events = (reads ? static_cast<uint32_t>(EPOLLIN) : 0U) |
                          (writes ? static_cast<uint32_t>(EPOLLOUT) : 0U);
  if (watch_.active() && events == events_) return;
  events_ = events;
  watch_.reset();
  watch_ = loop_.WatchFd(socket_, events, on_events_);
}

}  // namespace tallyman::stacks::keeper
