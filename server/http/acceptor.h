// Accepts connections on an event loop.

#ifndef TALLYMAN_SERVER_HTTP_ACCEPTOR_H_
#define TALLYMAN_SERVER_HTTP_ACCEPTOR_H_

#include <functional>

#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {

// Watches one listening socket, which several acceptors on different loops may
// share. Belongs to the thread of its loop.
class Acceptor {
 public:
  struct Events {
    // Takes a connection, whose socket does not block. An exception is dropped.
    std::function<void(base::UniqueFd connection)> on_accepted;
    // A connection waits in the kernel because the process is out of
    // descriptors or the kernel out of memory (`error`: the errno of
    // accept(2)). Called once until a connection is accepted.
    std::function<void(int error)> on_exhausted;
    // Called before each further attempt of that kind: closes descriptors that
    // the process can do without. True if there were any.
    std::function<bool()> free_descriptors;
  };

  // `loop` outlives the acceptor. `socket` is a listening socket, does not
  // block and stays open while the acceptor lives.
  Acceptor(base::EventLoop& loop, int socket, Events events);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  void Watch();
  void AcceptSome();
  // Handles an error of accept(2). True to go on at once.
  bool HandleError(int error);
  void RetryLater();

  base::EventLoop& loop_;
  const int socket_;
  const Events events_;
  bool is_exhausted_ = false;
  base::EventLoop::Registration watch_;
  base::EventLoop::Registration retry_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_ACCEPTOR_H_
