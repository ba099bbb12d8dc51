// As process 1 of a container the server is the parent of every process whose
// own parent has ended, and has to wait for it.

#ifndef TALLYMAN_SERVER_LIFECYCLE_ORPHAN_REAPER_H_
#define TALLYMAN_SERVER_LIFECYCLE_ORPHAN_REAPER_H_

#include <thread>

#include "platform/base/unique_fd.h"

namespace tallyman::server {

// Waits for ended children as long as it lives, in a thread that sleeps in the
// kernel (signalfd(2)). Children that somebody waits for by their pid may be
// taken by it instead: waitpid(2) says ECHILD then.
class OrphanReaper {
 public:
  // Blocks SIGCHLD for the calling thread and those that it starts from now on.
  // To be called while there is no other.
  static void Block();

  OrphanReaper();
  ~OrphanReaper();
  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

 private:
  void Run();

  base::UniqueFd signals_;
  base::UniqueFd end_;
  std::thread thread_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_ORPHAN_REAPER_H_
