// Tells the service manager, such as systemd, how the server is. The protocol
// is that of sd_notify(3) and sd_watchdog_enabled(3): datagrams to the socket
// that the environment names.
//
//   absl::StatusOr<ServiceManager> manager =
//       ServiceManager::Create(TakeNotifyVariables(), on_error);
//   manager->Ready("listens on http://127.0.0.1:8880");

#ifndef TALLYMAN_SERVER_LIFECYCLE_SERVICE_MANAGER_H_
#define TALLYMAN_SERVER_LIFECYCLE_SERVICE_MANAGER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::server {

// NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
struct NotifyVariables {
  std::optional<std::string> socket;
  std::optional<std::string> watchdog_usec;
  std::optional<std::string> watchdog_pid;
};

// Those of this process. Unsets them, so that no child speaks for the server;
// see getenv(3) and unsetenv(3), which no other thread may use meanwhile. All
// are nullopt on systems other than Linux.
NotifyVariables TakeNotifyVariables();

// Thread-safe. A message waits at most a second for the manager. The functions
// do nothing without NOTIFY_SOCKET.
class ServiceManager {
 public:
  // Is told the first error after a message that was sent, and no further one
  // until the next. May be empty.
  using OnError = std::function<void(const absl::Status& status)>;

  // InvalidArgument names the variable that is wrong. Other errors are those of
  // socket(2).
  static absl::StatusOr<ServiceManager> Create(const NotifyVariables& variables,
                                               OnError on_error);

  // Whether there is one.
  bool is_present() const { return impl_ != nullptr; }

  // The longest time between two calls of Ping(), from Ready() on; the manager
  // ends the process after a longer one. Infinite: there is no watchdog.
  absl::Duration watchdog_time() const { return watchdog_time_; }

  // The start is complete. `status` is one line, for people.
  void Ready(std::string_view status) const;
  // The server reads its files again, until Reloaded().
  void Reloading() const;
  void Reloaded() const;
  // The server begins to end.
  void Stopping() const;
  // The server makes progress.
  void Ping() const;

 private:
  class Impl;
  std::shared_ptr<const Impl> impl_;  // Null: there is none.
  absl::Duration watchdog_time_ = absl::InfiniteDuration();
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_SERVICE_MANAGER_H_
