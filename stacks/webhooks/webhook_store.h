// The webhooks of one machine, in its SQLite database.

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_STORE_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_STORE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/webhook.h"
#include "storage/database.h"

namespace tallyman::stacks {

// A webhook and the key of its signatures, which the database has in clear
// text: a signature needs the key itself.
struct SignedWebhook {
  Webhook webhook;
  auth::Secret secret;
};

// A webhook as the operator's file states it. Its name identifies it.
struct FileWebhook {
  WebhookSpec spec;
  auth::Secret secret;
};

// Has all webhooks in memory too: only changes use the file. Use one object for
// a database. Thread-safe. Failures of the storage have the codes kUnavailable,
// kDataLoss or kInternal.
class WebhookStore {
 public:
  struct Options {
    size_t max_webhooks = 32;
  };

  // Creates or migrates the table and reads the webhooks. The references must
  // outlive the store. kDataLoss names a webhook with an invalid row.
  static absl::StatusOr<std::unique_ptr<WebhookStore>> Open(
      storage::Database& db, EventLog& events, const auth::Clock& clock,
      const Options& options);

  // Makes a webhook that gets the events from now on, with a new secret, and
  // records it for `user`. kInvalidArgument names the invalid field;
  // kFailedPrecondition if there are too many webhooks.
  absl::StatusOr<SignedWebhook> Create(const WebhookSpec& spec,
                                       const std::string& user);

  // Makes the webhooks of the file those of `file`: new ones get the events
  // from now on, others keep their place, and those that are not in `file` are
  // deleted. kInvalidArgument names the webhook, also one with the name of an
  // earlier one; then nothing changes.
  absl::Status ApplyFile(const std::vector<FileWebhook>& file);

  // By id, ascending.
  std::vector<Webhook> List() const;
  std::vector<SignedWebhook> ListSigned() const;

  // kNotFound if the id is unknown.
  absl::StatusOr<Webhook> Get(int64_t id) const;

  // Deletes the webhook and its secret, records that for `user`, and returns
  // its last state. kNotFound if the id is unknown.
  absl::StatusOr<Webhook> Delete(int64_t id, const std::string& user);

  // Makes the progress of a webhook durable together with the `events` that say
  // why. kNotFound if it was deleted; then nothing is recorded.
  absl::Status Record(int64_t id, const WebhookProgress& progress,
                      absl::Span<const Event> events);

 private:
  using Webhooks = std::map<int64_t, SignedWebhook>;

  WebhookStore(storage::Database& db, EventLog& events,
               const auth::Clock& clock, const Options& options,
               Webhooks webhooks);

  Event MakeEvent(EventKind kind, const Webhook& webhook,
                  const std::string& user) const;
  absl::StatusOr<Webhook> NewWebhook(const WebhookSpec& spec);

  storage::Database& db_;
  EventLog& events_;
  const auth::Clock& clock_;
  const Options options_;

  // Held for a whole change. Taken before mutex_.
  absl::Mutex change_mutex_;
  // Held briefly: a reader does not wait for the disk. A change of webhooks_
  // needs both locks.
  mutable absl::Mutex mutex_;
  Webhooks webhooks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_STORE_H_
