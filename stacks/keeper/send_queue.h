// Packets on their way into a socket that doesn't block. Both ends of the
// connection use it.

#ifndef TALLYMAN_STACKS_KEEPER_SEND_QUEUE_H_
#define TALLYMAN_STACKS_KEEPER_SEND_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks::keeper {

// Keeps packets, and their descriptors, in order until the socket takes them.
// Not bounded: the owner stops producing. Not thread-safe.
class SendQueue {
 public:
  enum class State {
    kEmpty,
    kSocketFull,   // Flush() again when the socket is writable (EPOLLOUT).
    kOutOfMemory,  // Flush() again after a while. The socket may well be
                   // writable: waiting for EPOLLOUT would spin.
  };

  // Appends a packet and sends it if it is the first. Errors as for Flush().
  absl::Status Push(int socket, Packet packet);

  // Sends until the queue is empty or the socket refuses; then OK. Aborted if
  // the peer is gone. Any other error is the first packet's, which is dropped,
  // so that it doesn't block the others.
  absl::Status Flush(int socket);

  State state() const { return state_; }
  size_t size() const { return packets_.size(); }

 private:
  State state_ = State::kEmpty;
  std::deque<Packet> packets_;
};

// Watches a connection in an event loop, for what its owner wants to read and
// for the time at which its SendQueue can continue. Not thread-safe.
class SocketWatch {
 public:
  // How long a queue that is kOutOfMemory waits.
  static constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);

  // `on_events` gets events of epoll_ctl(2): EPOLLOUT when the queue can
  // continue, every other one when there is something to read or the
  // connection has ended. It may destroy this object. `loop` must outlive this
  // object; `socket` must stay open while it exists. Watches nothing until
  // Update().
  SocketWatch(base::EventLoop& loop, int socket,
              std::function<void(uint32_t events)> on_events);

  // Call after each change of the queue. Without `reads` only the end of the
  // connection is an event.
  void Update(bool reads, SendQueue::State state);

 private:
  base::EventLoop& loop_;
  const int socket_;
  const std::function<void(uint32_t)> on_events_;
  uint32_t events_ = 0;
  base::EventLoop::Registration watch_;
  base::EventLoop::Registration retry_;
};

}  // namespace tallyman::stacks::keeper

#endif  // TALLYMAN_STACKS_KEEPER_SEND_QUEUE_H_
