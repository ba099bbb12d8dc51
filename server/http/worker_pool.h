// Threads for jobs that may each take as long as a connection lasts.

#ifndef TALLYMAN_SERVER_HTTP_WORKER_POOL_H_
#define TALLYMAN_SERVER_HTTP_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

// Starts a thread whenever a job would otherwise have to wait, up to a limit;
// further jobs wait in a bounded queue. Threads are kept until the end and
// sleep when there is nothing to do. Thread-safe.
class WorkerPool {
 public:
  // At most `max_threads` jobs run at once and `max_waiting` wait.
  WorkerPool(size_t max_threads, size_t max_waiting)
      : max_threads_(max_threads), max_waiting_(max_waiting) {}

  // Shutdown() if that was not called.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if the queue is full, no thread can be started for it, or after
  // Shutdown(): then the job is not run.
  bool Add(std::function<void()> job) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs what was added, then ends the threads. No more jobs are taken.
  void Shutdown() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t max_threads_;
  const size_t max_waiting_;
  absl::Mutex mutex_;
  absl::CondVar added_;  // A job, or the wish to end.
  std::deque<std::function<void()>> jobs_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool shutdown_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_WORKER_POOL_H_
