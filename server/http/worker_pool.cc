#include "server/http/worker_pool.h"

#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

WorkerPool::~WorkerPool() { Shutdown(); }

absl::Status WorkerPool::TryAdd(Job& job) {
  // Each idle thread takes one of the jobs that are queued already.
  if (jobs_.size() >= idle_threads_) {
    absl::Status started = absl::ResourceExhaustedError(
        absl::StrCat(options_.max_threads, " run and ", options_.max_waiting,
                     " wait, which is the limit"));
    if (threads_.size() < options_.max_threads) {
      try {
        threads_.emplace_back(&WorkerPool::Work, this);
        started = absl::OkStatus();
      } catch (const std::system_error& error) {
        started = absl::UnavailableError(
            absl::StrCat("no thread can be started beside ", threads_.size(),
                         " others: ", error.code().message()));
      }
    }
    if (!started.ok() && (threads_.empty() || jobs_.size() - idle_threads_ >=
                                                  options_.max_waiting)) {
      return started;
    }
  }
  jobs_.push_back(std::move(job));
  changed_.Signal();
  return absl::OkStatus();
}

bool WorkerPool::Add(Job job) {
  absl::Status added;
  {
    const absl::MutexLock lock(&mutex_);
    if (is_shut_down_) return false;
    const bool none_waits = jobs_.empty();
    added = TryAdd(job);
    if (added.ok()) {
      if (none_waits) is_refusing_ = false;
      return true;
    }
    if (std::exchange(is_refusing_, true)) return false;
  }
  if (options_.on_refusing) options_.on_refusing(added);
  return false;
}

void WorkerPool::Shutdown() {
  std::vector<std::thread> threads;
  {
    const absl::MutexLock lock(&mutex_);
    is_shut_down_ = true;
    changed_.SignalAll();
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void WorkerPool::Work() {
  while (true) {
    Job job;
    {
      const absl::MutexLock lock(&mutex_);
      ++idle_threads_;
      while (jobs_.empty() && !is_shut_down_) changed_.Wait(&mutex_);
      --idle_threads_;
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    std::move(job)();
  }
}

}  // namespace tallyman::server
