// Listens on a TCP address and accepts connections.
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

// "http://127.0.0.1:8880", "http://[::1]:8880".
std::string UrlOf(const std::string& host, int port);

class Listener {
 public:
  // All are called on the thread of Run(), which waits for them: they should
  // return soon. What they throw, such as for a lack of memory, is dropped.
  struct Events {
    // Takes a connection, whose socket blocks.
    std::function<void(base::UniqueFd connection)> accepted;
    // There is no descriptor or no memory for a connection that waits (`error`
    // is an errno of accept(2)); it waits in the kernel until there is. Called
    // once for each time that lasts. May be empty.
    std::function<void(int error)> exhausted;
    // Called at every attempt then: gives up something that may be what is
    // missing; true if there was anything. May be empty.
    std::function<bool()> make_room;
  };

  // From now on clients can connect. `host` is a name or an address, IPv4 or
  // IPv6; with port 0 it is any free one. The error names the address and the
  // reason: AlreadyExists if it is in use, InvalidArgument if there is no such
  // host.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& host,
                                                        int port);

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The port that it listens on.
  int port() const { return port_; }

  // Accepts connections until Stop(), on the caller's thread; at most once. An
  // error is one that trying again does not help against.
  absl::Status Run(const Events& events);

  // Refuses connections from now on, those too that wait to be accepted, and
  // lets Run() return, also if it is called later. One that was accepted at
  // this moment may still be handed over. Thread-safe.
  void Stop();

 private:
  Listener(base::UniqueFd socket, int port, base::UniqueFd stop);

  // Whether a connection waits to be accepted.
  bool HasWaiting() const;
  // Waits until there may be a connection, or it stops.
  void AwaitConnection() const;
  // Waits a little, but not once it stops.
  void Pause() const;

  const base::UniqueFd socket_;  // Does not block.
  const int port_;
  const base::UniqueFd stop_;  // An eventfd, readable once it stops.
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_LISTENER_H_
