// Threads for jobs that may each take as long as a connection lasts.
//
//   WorkerPool pool({.max_threads = 256, .max_waiting = 1024,
//                    .on_refusing = [](const absl::Status& why) { ... }});
//   if (!pool.Add([connection = std::move(connection)] { ... })) {
//     // Refused; the job, and the connection with it, is destroyed.
//   }

#ifndef TALLYMAN_SERVER_HTTP_WORKER_POOL_H_
#define TALLYMAN_SERVER_HTTP_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

// Starts a thread whenever a job would otherwise have to wait, up to a limit;
// further jobs wait in a bounded queue. A thread lives as long as the pool and
// sleeps while no job waits. Thread-safe.
class WorkerPool {
 public:
  using Job = absl::AnyInvocable<void() &&>;

  struct Options {
    size_t max_threads;  // Jobs that run at once.
    size_t max_waiting;  // Jobs that wait for a thread; 0: none waits.
    // The pool begins to refuse jobs. ResourceExhausted: as many run and wait
    // as may. Unavailable: the system starts no further thread. Called on the
    // thread of Add(), once until the pool takes a job when none waits. May be
    // empty.
    std::function<void(const absl::Status& reason)> on_refusing;
  };

  explicit WorkerPool(Options options) : options_(std::move(options)) {}

  // Calls Shutdown().
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `job` on a thread of the pool. False if the pool refuses it, or after
  // Shutdown(); the job is destroyed then.
  //
  // If no thread can be started (EAGAIN of pthread_create(3)), the job waits
  // for one of those that there are, within `max_waiting`; without any thread
  // it is refused.
  bool Add(Job job) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs the jobs that wait, then ends the threads. Further jobs are refused.
  void Shutdown() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Queues the job if it may run or wait; else returns the reason.
  absl::Status TryAdd(Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  absl::Mutex mutex_;
  absl::CondVar changed_;  // A job was queued, or Shutdown() was called.
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  size_t idle_threads_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_refusing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_shut_down_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_WORKER_POOL_H_
