// A thread that runs an event loop until its owner is destroyed.
//
//   EventLoop loop;
//   ... register descriptors, timers, signals ...
//   LoopThread thread(loop);

#ifndef TALLYMAN_PLATFORM_BASE_LOOP_THREAD_H_
#define TALLYMAN_PLATFORM_BASE_LOOP_THREAD_H_

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "platform/base/event_loop.h"

namespace tallyman::base {

// During the life of the LoopThread only its thread may use the loop; other
// threads may only call EventLoop::Wake(). Before and after that the owner may
// use it. Declare a LoopThread member after all members that the callbacks use.
class LoopThread {
 public:
  // `loop` must outlive the thread. The thread calls `after_round`, which may
  // be empty, after each RunOnce(). The program ends (std::system_error) if the
  // system cannot start a thread.
  explicit LoopThread(EventLoop& loop, std::function<void()> after_round = {})
      : loop_(loop),
        after_round_(std::move(after_round)),
        thread_([this] { Run(); }) {}
  // Wakes the loop and waits for the thread, and so for a callback in progress.
  ~LoopThread() {
    stop_.store(true);
    loop_.Wake();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

 private:
  void Run() {
    while (!stop_.load()) {
      loop_.RunOnce();
      if (after_round_) after_round_();
    }
  }

  EventLoop& loop_;
  const std::function<void()> after_round_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_LOOP_THREAD_H_
