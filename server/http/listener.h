// Listens on a TCP address and accepts connections. Knows no HTTP.
//
//   absl::StatusOr<std::unique_ptr<Listener>> listener =
//       Listener::Bind("127.0.0.1", 8880);
//   std::thread accepting([&] { (*listener)->Run(events); });
//   ...
//   (*listener)->Stop();
//   accepting.join();

#ifndef TALLYMAN_SERVER_HTTP_LISTENER_H_
#define TALLYMAN_SERVER_HTTP_LISTENER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {

// The URL of a host and port: "http://127.0.0.1:8880", "http://[::1]:8880".
std::string UrlOf(const std::string& host, int port);

// One listening socket. Not thread-safe, except Stop().
class Listener {
 public:
  // Run() calls these on its own thread; no connection is accepted meanwhile.
  // It drops exceptions, such as std::bad_alloc.
  struct Events {
    // Takes a connection, whose socket blocks.
    std::function<void(base::UniqueFd connection)> on_accepted;
    // A connection waits in the kernel because the process is out of
    // descriptors or the kernel out of memory (`error`: the errno of
    // accept(2)). Called once until none waits. May be empty.
    std::function<void(int error)> on_exhausted;
    // Called before each further attempt of that kind: closes descriptors that
    // the process can do without. True if there were any. May be empty.
    std::function<bool()> free_descriptors;
  };

  // Binds and listens: clients can connect when it returns. `host` is a name or
  // an IPv4 or IPv6 address; port 0 is any free port. Errors name the address
  // and the reason: AlreadyExists if it is in use, InvalidArgument if the host
  // does not exist.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& host,
                                                        int port);

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The bound port.
  int port() const { return port_; }

  // Accepts connections until Stop(), on the caller's thread; call it once.
  // Only a permanent error of the listening socket is returned.
  absl::Status Run(const Events& events);

  // Closes the port, also to connections that wait to be accepted, and makes
  // Run() return, the current or a later one. A connection accepted at this
  // moment may still reach on_accepted. Thread-safe.
  void Stop();

 private:
  Listener(base::UniqueFd socket, int port, base::UniqueFd stop);

  // Whether a connection waits to be accepted.
  bool HasWaiting() const;
  // Waits for a connection or Stop().
  void AwaitConnection() const;
  // Waits for kRetryDelayMs or Stop().
  void AwaitRetry() const;

  const base::UniqueFd socket_;  // Non-blocking.
  const int port_;
  const base::UniqueFd stop_;  // An eventfd, readable after Stop().
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_LISTENER_H_
