// Finds the addresses of a host, within a bounded time.

#ifndef TALLYMAN_SERVER_WEBHOOKS_HOST_RESOLVER_H_
#define TALLYMAN_SERVER_WEBHOOKS_HOST_RESOLVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::server {

// Thread-safe. getaddrinfo(3) has no deadline: it runs on a thread of its own,
// which lives on after a deadline until the system's resolver gives up, and
// refers to nothing of this object.
class HostResolver {
 public:
  // The addresses as inet_ntop(3) writes them, the preferred one first; not
  // empty. Unavailable if the system finds none, DeadlineExceeded after
  // `timeout`, Cancelled after Stop().
  absl::StatusOr<std::vector<std::string>> Resolve(const std::string& host,
                                                   absl::Duration timeout);

  // Ends all calls of Resolve(), now and later.
  void Stop();

 private:
  struct Lookup;
  struct Shared {
    absl::Mutex mutex;
    absl::CondVar changed;
    bool is_stopped ABSL_GUARDED_BY(mutex) = false;
    // Threads of lookups that still run.
    int running ABSL_GUARDED_BY(mutex) = 0;
  };
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WEBHOOKS_HOST_RESOLVER_H_
