// Finds the events that webhooks ask for in the log, and delivers them.

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_DELIVERER_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_DELIVERER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/retry_schedule.h"
#include "stacks/webhooks/webhook.h"
#include "stacks/webhooks/webhook_delivery.h"
#include "stacks/webhooks/webhook_sender.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::stacks {

enum class DeliveryResult : uint8_t { kDelivered, kFailed, kGivenUp };
inline constexpr size_t kDeliveryResults = 3;
// "delivered", "failed", "given_up".
std::string_view DeliveryResultName(DeliveryResult result);

// A webhook gets its events in the order of their ids, several in one delivery,
// the next after the last was accepted or given up. Its place in the log is
// durable, and moves after the receiver has answered: a delivery that a crash
// interrupts is repeated. Thread-safe: each thread that calls DeliverNext()
// delivers to one webhook at a time.
class WebhookDeliverer {
 public:
  // Writes the body, and leaves events out at its end that do not fit in
  // `max_bytes`: sets `items` to those that it has written, at least one.
  using Renderer =
      std::function<std::string(WebhookDelivery& delivery, size_t max_bytes)>;

  struct Options {
    RetryOptions retry;
    size_t max_events = 50;  // Of one delivery.
    size_t max_body_bytes = size_t{256} << 10;
    // After a look at the log that has found nothing for a webhook, the next
    // one is so much later.
    absl::Duration rest = absl::Milliseconds(100);
    // Rows of the log read at once, and rows without an event for a webhook
    // after which its place is made durable.
    int64_t max_rows = 1000;
    // Called when the log or the store fails; the delivery is tried again.
    std::function<void(const absl::Status&)> on_error = {};
  };
  struct Parts {
    WebhookStore& store;
    EventLog& events;
    WebhookSender& sender;
    const WebhookHosts& hosts;
    const auth::Clock& clock;
    Renderer renderer;
  };

  WebhookDeliverer(Parts parts, Options options);

  // Looks for events for the webhook that has waited longest, and delivers
  // them. False, at once, if none is due: call NoteChange() after each change
  // of log or store, and this again then or after UntilNext(). `taken` is
  // called when the webhook was chosen, before the work: another thread can
  // take the next.
  bool DeliverNext(const std::function<void()>& taken = [] {});

  // The time until a webhook is due, unless something changes; infinite if
  // nothing waits. Webhooks that a thread works on do not count.
  absl::Duration UntilNext();

  // Does not block for the log or the store, so that a listener of the log may
  // call it.
  void NoteChange();

  // The deliveries with this result since the start.
  int64_t count(DeliveryResult result) const;

 private:
  struct State {
    bool is_busy = false;
    // The changes that its last look at the log has included.
    int64_t seen_changes = -1;
    absl::Duration not_before;  // By Clock::Elapsed().
    // Events up to this id concern it no more; at least its durable place.
    int64_t position = 0;
  };
  // What to do after a look at the log.
  struct Outcome {
    bool has_seen_all = false;
    absl::Duration delay;
    int64_t position = 0;
  };

  Outcome Work(const SignedWebhook& one, int64_t position);
  absl::StatusOr<bool> Find(const Webhook& webhook, int64_t& position,
                            WebhookDelivery& delivery);
  absl::Status Deliver(const SignedWebhook& one, WebhookDelivery& delivery,
                       int64_t end, Outcome& outcome);
  absl::StatusOr<int> Post(const SignedWebhook& one, const std::string& body);
  void Refresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsWaiting(const State& state) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !state.is_busy && state.seen_changes < changes_;
  }

  const Parts parts_;
  const Options options_;
  // Held briefly, never over a call of the log.
  mutable absl::Mutex mutex_;
  int64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, State> states_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, SignedWebhook> webhooks_ ABSL_GUARDED_BY(mutex_);
  std::array<int64_t, kDeliveryResults> counts_ ABSL_GUARDED_BY(mutex_) = {};
  absl::BitGen random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_DELIVERER_H_
