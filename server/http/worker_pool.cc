#include "server/http/worker_pool.h"

#include <functional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace tallyman::server {

WorkerPool::~WorkerPool() { Shutdown(); }

bool WorkerPool::Add(std::function<void()> job) {
  const absl::MutexLock lock(&mutex_);
  if (shutdown_) return false;
  // Each idle thread will take one of the jobs that wait already.
  if (jobs_.size() >= idle_) {
    if (threads_.size() < max_threads_) {
      try {
        threads_.emplace_back(&WorkerPool::Work, this);
      } catch (const std::system_error&) {
        if (threads_.empty()) return false;
      }
    } else if (jobs_.size() - idle_ >= max_waiting_) {
      return false;
    }
  }
  jobs_.push_back(std::move(job));
  added_.Signal();
  return true;
}

void WorkerPool::Shutdown() {
  std::vector<std::thread> threads;
  {
    const absl::MutexLock lock(&mutex_);
    shutdown_ = true;
    added_.SignalAll();
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void WorkerPool::Work() {
  while (true) {
    std::function<void()> job;
    {
      const absl::MutexLock lock(&mutex_);
      ++idle_;
      while (jobs_.empty() && !shutdown_) added_.Wait(&mutex_);
      --idle_;
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace tallyman::server
