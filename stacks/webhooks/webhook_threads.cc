#include "stacks/webhooks/webhook_threads.h"

#include <cstdint>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/webhook_deliverer.h"
#include "stacks/webhooks/webhook_sender.h"

namespace tallyman::stacks {

WebhookThreads::WebhookThreads(WebhookDeliverer& deliverer,
                               WebhookSender& sender, EventLog& events,
                               int threads)
    : deliverer_(deliverer), sender_(sender), events_(events) {
  deliverer_.NoteChange();
  listener_ = events_.AddListener([this] { Wake(); });
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

WebhookThreads::~WebhookThreads() {
  events_.RemoveListener(listener_);
  {
    absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
    changed_.SignalAll();
  }
  sender_.Stop();
  for (std::thread& thread : threads_) thread.join();
}

void WebhookThreads::Wake() {
  deliverer_.NoteChange();
  WakeOne();
}

void WebhookThreads::WakeOne() {
  absl::MutexLock lock(&mutex_);
  ++wakes_;
  changed_.Signal();
}

void WebhookThreads::Run() {
  while (true) {
    int64_t wakes = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (is_stopped_) return;
      wakes = wakes_;
    }
    // A thread that works wakes another one for what else is due.
    if (deliverer_.DeliverNext([this] { WakeOne(); })) continue;
    const absl::Duration delay = deliverer_.UntilNext();
    absl::MutexLock lock(&mutex_);
    if (is_stopped_) return;
    if (wakes == wakes_) changed_.WaitWithTimeout(&mutex_, delay);
  }
}

}  // namespace tallyman::stacks
