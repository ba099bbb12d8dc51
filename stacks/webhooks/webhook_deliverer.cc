#include "stacks/webhooks/webhook_deliverer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/retry_schedule.h"
#include "stacks/webhooks/signature.h"
#include "stacks/webhooks/webhook.h"
#include "stacks/webhooks/webhook_sender.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::stacks {
namespace {

// The delay after a failure of the log or the store.
constexpr absl::Duration kStorageRetryDelay = absl::Seconds(1);

constexpr size_t kMaxReasonBytes = 200;

std::string CountText(size_t events) {
  return events == 1 ? "1 event" : absl::StrCat(events, " events");
}

EventKind EventKindOf(DeliveryResult result) {
  switch (result) {
    case DeliveryResult::kDelivered:
      return EventKind::kWebhookDelivered;
    case DeliveryResult::kFailed:
      return EventKind::kWebhookFailed;
    case DeliveryResult::kGivenUp:
      break;
  }
  return EventKind::kWebhookGivenUp;
}

}  // namespace

std::string_view DeliveryResultName(DeliveryResult result) {
  switch (result) {
    case DeliveryResult::kDelivered:
      return "delivered";
    case DeliveryResult::kFailed:
      return "failed";
    case DeliveryResult::kGivenUp:
      break;
  }
  return "given_up";
}

WebhookDeliverer::WebhookDeliverer(Parts parts, Options options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

void WebhookDeliverer::NoteChange() {
  absl::MutexLock lock(&mutex_);
  ++changes_;
}

int64_t WebhookDeliverer::count(DeliveryResult result) const {
  absl::MutexLock lock(&mutex_);
  return counts_[static_cast<size_t>(result)];
}

void WebhookDeliverer::Refresh() {
  webhooks_.clear();
  for (SignedWebhook& one : parts_.store.ListSigned()) {
    const int64_t id = one.webhook.id;
    State& state = states_[id];
    state.position = std::max(state.position, one.webhook.progress.position);
    webhooks_.emplace(id, std::move(one));
  }
  // A busy one is removed after its work.
  std::erase_if(states_, [this](const auto& entry) {
    return !entry.second.is_busy && !webhooks_.contains(entry.first);
  });
}

bool WebhookDeliverer::DeliverNext(const std::function<void()>& taken) {
  int64_t id = 0;
  int64_t seen = 0;
  int64_t position = 0;
  std::optional<SignedWebhook> one;
  {
    absl::MutexLock lock(&mutex_);
    Refresh();
    const absl::Duration now = parts_.clock.Elapsed();
    absl::Duration first = absl::InfiniteDuration();
    for (const auto& [webhook_id, webhook] : webhooks_) {
      const State& state = states_[webhook_id];
      if (!IsWaiting(state) || state.not_before > now ||
          state.not_before >= first) {
        continue;
      }
      first = state.not_before;
      id = webhook_id;
    }
    if (id == 0) return false;
    states_[id].is_busy = true;
    seen = changes_;
    position = states_[id].position;
    one = webhooks_.at(id);
  }
  taken();
  const Outcome outcome = Work(*one, position);
  absl::MutexLock lock(&mutex_);
  State& state = states_[id];
  state.is_busy = false;
  state.position = outcome.position;
  // The one that was served goes behind all others that wait.
  state.not_before = parts_.clock.Elapsed() + outcome.delay;
  if (outcome.has_seen_all) state.seen_changes = seen;
  return true;
}

absl::Duration WebhookDeliverer::UntilNext() {
  absl::MutexLock lock(&mutex_);
  Refresh();
  absl::Duration first = absl::InfiniteDuration();
  for (const auto& [id, state] : states_) {
    if (IsWaiting(state)) first = std::min(first, state.not_before);
  }
  return std::max(absl::ZeroDuration(), first - parts_.clock.Elapsed());
}

WebhookDeliverer::Outcome WebhookDeliverer::Work(const SignedWebhook& one,
                                                 int64_t position) {
  Outcome outcome = {.delay = kStorageRetryDelay, .position = position};
  // The listener of the log is called before the commit.
  absl::Status status = parts_.events.AwaitCommit();
  if (status.ok()) {
    WebhookDelivery delivery = {.webhook_id = one.webhook.id};
    int64_t end = position;
    const absl::StatusOr<bool> found = Find(one.webhook, end, delivery);
    status = found.status();
    if (found.ok() && *found) {
      status = Deliver(one, delivery, end, outcome);
    } else if (found.ok()) {
      const WebhookProgress& old = one.webhook.progress;
      if (end - old.position >= options_.max_rows) {
        status = parts_.store.Record(one.webhook.id, {.position = end}, {});
      }
      if (status.ok()) {
        outcome = {
            .has_seen_all = true, .delay = options_.rest, .position = end};
      }
    }
  }
  // A webhook that was deleted meanwhile needs nothing more.
  if (!status.ok() && !absl::IsNotFound(status) && options_.on_error) {
    options_.on_error(status);
  }
  return outcome;
}

// Moves `position` to the last event of the delivery, or, without one, to the
// end of the log.
absl::StatusOr<bool> WebhookDeliverer::Find(const Webhook& webhook,
                                            int64_t& position,
                                            WebhookDelivery& delivery) {
  EventFilter filter;
  for (const WebhookKind kind : webhook.spec.kinds) {
    filter.kinds.push_back(LoggedKind(kind));
  }
  while (true) {
    const absl::StatusOr<EventRun> run =
        parts_.events.ReadAfter(filter, position, options_.max_rows);
    if (!run.ok()) return run.status();
    if (run->removed_id > position) {
      delivery.gap = {position + 1, run->removed_id};
    }
    for (const Event& event : run->events) {
      const std::optional<WebhookKind> kind = WebhookKindOf(event);
      if (!kind || !absl::c_linear_search(webhook.spec.kinds, *kind)) continue;
      delivery.items.push_back({.kind = *kind, .event = event});
      if (delivery.items.size() < options_.max_events) continue;
      position = event.id;
      return true;
    }
    position = std::max(run->end, run->removed_id);
    if (!delivery.items.empty() || delivery.gap) return true;
    if (position >= run->last_id) return false;
  }
}

absl::StatusOr<int> WebhookDeliverer::Post(const SignedWebhook& one,
                                           const std::string& body) {
  absl::StatusOr<WebhookUrl> url = ParseWebhookUrl(one.webhook.spec.url);
  if (!url.ok()) return url.status();
  if (!parts_.hosts.Allows(*url)) {
    return absl::PermissionDeniedError("its host is not in --webhook_hosts");
  }
  const absl::Time now = parts_.clock.Now();
  return parts_.sender.Post(
      {.url = *std::move(url),
       .signature = WebhookSignature(one.secret, now, body),
       .body = body});
}

absl::Status WebhookDeliverer::Deliver(const SignedWebhook& one,
                                       WebhookDelivery& delivery, int64_t end,
                                       Outcome& outcome) {
  const size_t found = delivery.items.size();
  const std::string body = parts_.renderer(delivery, options_.max_body_bytes);
  const size_t sent = delivery.items.size();
  if (sent < found) end = delivery.items.back().event.id;

  const absl::StatusOr<int> answer = Post(one, body);
  if (absl::IsCancelled(answer.status())) return absl::OkStatus();  // A stop.
  const bool is_accepted = answer.ok() && *answer >= 200 && *answer < 300;
  const std::string reason = answer.ok()
                                 ? absl::StrCat("answered ", *answer)
                                 : std::string(answer.status().message());

  const absl::Time now = parts_.clock.Now();
  WebhookProgress progress = one.webhook.progress;
  const int64_t attempts = ++progress.attempts;
  if (!progress.first_attempt_at) progress.first_attempt_at = now;
  DeliveryResult result = DeliveryResult::kFailed;
  if (is_accepted) {
    result = DeliveryResult::kDelivered;
  } else if (IsGivenUp(options_.retry, attempts,
                       now - *progress.first_attempt_at)) {
    result = DeliveryResult::kGivenUp;
  }
  if (result != DeliveryResult::kFailed) progress = {.position = end};
  const Event event = {
      .time = now,
      .kind = EventKindOf(result),
      .cause = absl::StrCat("webhook ", one.webhook.id, ", ",
                            base::Quote(one.webhook.spec.name), ": ",
                            CountText(sent), ", attempt ", attempts, ": ",
                            absl::ClippedSubstr(reason, 0, kMaxReasonBytes))};
  {
    absl::MutexLock lock(&mutex_);
    ++counts_[static_cast<size_t>(result)];
  }
  absl::Status recorded =
      parts_.store.Record(one.webhook.id, progress, {event});
  if (!recorded.ok()) return recorded;
  absl::MutexLock lock(&mutex_);
  if (result == DeliveryResult::kFailed) {
    outcome.delay = RetryDelay(options_.retry, attempts, random_);
  } else {
    outcome.delay = absl::ZeroDuration();
    outcome.position = end;
  }
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
