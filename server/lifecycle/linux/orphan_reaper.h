// As process 1 of a container the server becomes the parent of each process
// whose own parent has ended, and has to wait for it (pid_namespaces(7)).

#ifndef TALLYMAN_SERVER_LIFECYCLE_LINUX_ORPHAN_REAPER_H_
#define TALLYMAN_SERVER_LIFECYCLE_LINUX_ORPHAN_REAPER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {

// Reaps every child of the process that ends while the reaper lives. Code that
// waits for a child of its own by pid races with the reaper: waitpid(2) fails
// with ECHILD if the reaper was first. Belongs to the thread of the loop.
class OrphanReaper {
 public:
  // Blocks SIGCHLD in the calling thread and in threads that it starts from now
  // on. Call it before the process has a second thread.
  static void Block();

  // Reaps until destroyed, and at once children that ended before. `loop` must
  // outlive the result. Errors as EventLoop::WatchSignals().
  static absl::StatusOr<std::unique_ptr<OrphanReaper>> Watch(
      base::EventLoop& loop);

  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

 private:
  explicit OrphanReaper(base::EventLoop::Registration signals);

  const base::EventLoop::Registration signals_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_LINUX_ORPHAN_REAPER_H_
