// The threads that deliver to webhooks.

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_THREADS_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_THREADS_H_

#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/webhook_deliverer.h"
#include "stacks/webhooks/webhook_sender.h"

namespace tallyman::stacks {

// A receiver that does not answer holds one of the threads until the sender
// gives up. They sleep while nothing is due. Thread-safe.
class WebhookThreads {
 public:
  // The references must outlive the object.
  WebhookThreads(WebhookDeliverer& deliverer, WebhookSender& sender,
                 EventLog& events, int threads);

  // Stops the sender and waits for the threads.
  ~WebhookThreads();
  WebhookThreads(const WebhookThreads&) = delete;
  WebhookThreads& operator=(const WebhookThreads&) = delete;

  // Webhooks, or the log, have changed.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  void WakeOne() ABSL_LOCKS_EXCLUDED(mutex_);

  WebhookDeliverer& deliverer_;
  WebhookSender& sender_;
  EventLog& events_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  int64_t wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t listener_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_THREADS_H_
