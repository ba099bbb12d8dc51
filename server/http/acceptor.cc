#include "server/http/acceptor.h"

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/poller.h"
#include "server/net/sockets.h"

namespace tallyman::server {
namespace {

// Between two attempts when this process has nothing to free.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(50);

// At most so many in one go, so that other connections are served in between.
constexpr int kMaxAccepted = 16;

// Whether an error of accept(2) ends when descriptors or memory are freed.
bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(base::EventLoop& loop, int socket, Events events)
    : loop_(loop), socket_(socket), events_(std::move(events)) {
  Watch();
}

void Acceptor::Watch() {
  watch_ = loop_.WatchFd(socket_, base::kReadable | base::kOneWakes,
                         [this](uint32_t) { AcceptSome(); });
}

void Acceptor::AcceptSome() {
  for (int i = 0; i < kMaxAccepted; ++i) {
    sockets::Opened accepted = sockets::Accept(socket_);
    if (accepted.fd.valid()) {
      is_exhausted_ = false;
      try {
        events_.on_accepted(std::move(accepted.fd));
      } catch (...) {
        // For example std::bad_alloc: the connection is closed.
      }
    } else if (!HandleError(accepted.error)) {
      return;
    }
  }
}

bool Acceptor::HandleError(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  // Network errors concern one connection, which is gone (accept(2)).
  if (error == EINTR || error == ECONNABORTED) return true;
  if (!IsExhaustion(error)) {
    // A security module may refuse every connection (EPERM); a socket that was
    // shut down gives EINVAL.
    RetryLater();
    return false;
  }
  // accept(2) allocates the descriptor before it looks for a connection, so it
  // fails also if none waits.
  if (!sockets::HasWaiting(socket_)) return false;
  if (!is_exhausted_ && events_.on_exhausted) events_.on_exhausted(error);
  is_exhausted_ = true;
  if (events_.free_descriptors && events_.free_descriptors()) return true;
  RetryLater();
  return false;
}

void Acceptor::RetryLater() {
  watch_.reset();
  retry_ = loop_.RunAfter(kRetryDelay, [this] {
    Watch();
    AcceptSome();
  });
}

}  // namespace tallyman::server
