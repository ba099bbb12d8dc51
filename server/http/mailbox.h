// Messages of other threads to the thread of an event loop.

#ifndef TALLYMAN_SERVER_HTTP_MAILBOX_H_
#define TALLYMAN_SERVER_HTTP_MAILBOX_H_

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {

// A queue that wakes the loop when it gets its first message, and not again
// until TakeAll(): a thousand messages at once cost one wake-up. Thread-safe.
template <typename Message>
class Mailbox {
 public:
  // `loop` must outlive the mailbox, or Close() be called before its end.
  explicit Mailbox(base::EventLoop& loop) : loop_(&loop) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Drops the message after Close().
  void Add(Message message) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    if (loop_ == nullptr) return;
    messages_.push_back(std::move(message));
    if (messages_.size() == 1) loop_->Wake();
  }

  // All messages, oldest first.
  std::vector<Message> TakeAll() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return std::exchange(messages_, {});
  }

  // The loop is not touched any more.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    loop_ = nullptr;
  }

 private:
  absl::Mutex mutex_;
  const base::EventLoop* loop_ ABSL_GUARDED_BY(mutex_);
  std::vector<Message> messages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_MAILBOX_H_
