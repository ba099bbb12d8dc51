#include "stacks/webhooks/webhook_store.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "platform/base/text.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/webhook.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;

// Times are Unix nanoseconds; kinds are their names, separated by spaces.
constexpr storage::Migration kWebhookMigrations[] = {
    {.name = "create webhooks", .sql = R"sql(
        CREATE TABLE webhooks (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL,
          url TEXT NOT NULL,
          kinds TEXT NOT NULL,
          secret BLOB NOT NULL,
          is_from_file INTEGER NOT NULL,
          created_at INTEGER NOT NULL,
          position INTEGER NOT NULL,
          attempts INTEGER NOT NULL,
          first_attempt_at INTEGER
        ) STRICT)sql"}};

absl::Status NotFound(int64_t id) {
  return absl::NotFoundError(absl::StrCat("there is no webhook ", id));
}

std::string JoinKinds(const std::vector<WebhookKind>& kinds) {
  return absl::StrJoin(kinds, " ", [](std::string* out, WebhookKind kind) {
    absl::StrAppend(out, WebhookKindName(kind));
  });
}

absl::StatusOr<SignedWebhook> ReadRow(const Statement& row) {
  SignedWebhook made;
  Webhook& webhook = made.webhook;
  webhook.id = row.Int64(0);
  webhook.spec.name = std::string(row.Text(1));
  webhook.spec.url = std::string(row.Text(2));
  for (const std::string_view name :
       absl::StrSplit(row.Text(3), ' ', absl::SkipEmpty())) {
    const std::optional<WebhookKind> kind = ParseWebhookKind(name);
    if (!kind) {
      return absl::DataLossError(absl::StrCat("webhook ", webhook.id,
                                              " is for ", base::Quote(name),
                                              ", which is no kind of events"));
    }
    webhook.spec.kinds.push_back(*kind);
  }
  made.secret = auth::Secret(row.Bytes(4));
  webhook.is_from_file = row.Int64(5) != 0;
  webhook.created_at = absl::FromUnixNanos(row.Int64(6));
  webhook.progress.position = row.Int64(7);
  webhook.progress.attempts = row.Int64(8);
  if (const std::optional<int64_t> first = row.OptionalInt64(9)) {
    webhook.progress.first_attempt_at = absl::FromUnixNanos(*first);
  }
  return made;
}

absl::Status Insert(Connection& connection, SignedWebhook& made) {
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO webhooks (name, url, kinds, secret, is_from_file, "
      "created_at, position, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)");
  if (!insert.ok()) return insert.status();
  const Webhook& webhook = made.webhook;
  absl::Status inserted = insert->Bind(1, webhook.spec.name)
                              .Bind(2, webhook.spec.url)
                              .Bind(3, JoinKinds(webhook.spec.kinds))
                              .Bind(4, storage::Blob{made.secret.Reveal()})
                              .Bind(5, webhook.is_from_file ? 1 : 0)
                              .Bind(6, absl::ToUnixNanos(webhook.created_at))
                              .Bind(7, webhook.progress.position)
                              .Run();
  made.webhook.id = connection.LastInsertId();
  return inserted;
}

absl::Status UpdateSpec(Connection& connection, const SignedWebhook& made) {
  absl::StatusOr<Statement> update = connection.Prepare(
      "UPDATE webhooks SET url = ?1, kinds = ?2, secret = ?3 WHERE id = ?4");
  if (!update.ok()) return update.status();
  return update->Bind(1, made.webhook.spec.url)
      .Bind(2, JoinKinds(made.webhook.spec.kinds))
      .Bind(3, storage::Blob{made.secret.Reveal()})
      .Bind(4, made.webhook.id)
      .Run();
}

absl::Status Remove(Connection& connection, int64_t id) {
  absl::StatusOr<Statement> remove =
      connection.Prepare("DELETE FROM webhooks WHERE id = ?1");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, id).Run();
}

}  // namespace

WebhookStore::WebhookStore(storage::Database& db, EventLog& events,
                           const auth::Clock& clock, const Options& options,
                           Webhooks webhooks)
    : db_(db),
      events_(events),
      clock_(clock),
      options_(options),
      webhooks_(std::move(webhooks)) {}

absl::StatusOr<std::unique_ptr<WebhookStore>> WebhookStore::Open(
    storage::Database& db, EventLog& events, const auth::Clock& clock,
    const Options& options) {
  if (absl::Status migrated =
          storage::Migrate(db, "stacks.webhooks", kWebhookMigrations);
      !migrated.ok()) {
    return migrated;
  }
  Webhooks webhooks;
  absl::Status read = db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT id, name, url, kinds, secret, is_from_file, created_at, "
        "position, attempts, first_attempt_at FROM webhooks");
    if (!rows.ok()) return rows.status();
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      absl::StatusOr<SignedWebhook> webhook = ReadRow(*rows);
      if (!webhook.ok()) return webhook.status();
      const int64_t id = webhook->webhook.id;
      webhooks.emplace(id, *std::move(webhook));
    }
  });
  if (!read.ok()) return read;
  return absl::WrapUnique(
      new WebhookStore(db, events, clock, options, std::move(webhooks)));
}

Event WebhookStore::MakeEvent(EventKind kind, const Webhook& webhook,
                              const std::string& user) const {
  return {.time = clock_.Now(),
          .kind = kind,
          .cause = absl::StrCat("webhook ", webhook.id, ", ",
                                base::Quote(webhook.spec.name)),
          .user = user};
}

absl::StatusOr<Webhook> WebhookStore::NewWebhook(const WebhookSpec& spec) {
  const absl::StatusOr<EventRun> end = events_.ReadAfter({}, 0, 0);
  if (!end.ok()) return end.status();
  return Webhook{.spec = spec,
                 .created_at = clock_.Now(),
                 .progress = {.position = end->last_id}};
}

absl::StatusOr<SignedWebhook> WebhookStore::Create(const WebhookSpec& spec,
                                                   const std::string& user) {
  if (absl::Status valid = Validate(spec); !valid.ok()) return valid;
  absl::StatusOr<auth::Secret> secret =
      auth::MakeRandomValue(kWebhookSecretPrefix);
  if (!secret.ok()) return secret.status();

  absl::MutexLock lock(&change_mutex_);
  if (const size_t count = List().size(); count >= options_.max_webhooks) {
    return absl::FailedPreconditionError(
        absl::StrCat("there are ", count,
                     " webhooks, no more are allowed; delete one first"));
  }
  absl::StatusOr<Webhook> webhook = NewWebhook(spec);
  if (!webhook.ok()) return webhook.status();
  SignedWebhook made = {.webhook = *std::move(webhook),
                        .secret = *std::move(secret)};
  absl::Status written = db_.Write([&](Connection& connection) {
    absl::Status inserted = Insert(connection, made);
    if (!inserted.ok()) return inserted;
    return events_.Append(connection, {MakeEvent(EventKind::kWebhookCreated,
                                                 made.webhook, user)});
  });
  if (!written.ok()) return written;
  absl::MutexLock webhooks_lock(&mutex_);
  webhooks_.emplace(made.webhook.id, made);
  return made;
}

absl::Status WebhookStore::ApplyFile(const std::vector<FileWebhook>& file) {
  constexpr std::string_view kUser = "webhooks_file";
  absl::MutexLock lock(&change_mutex_);
  Webhooks next;
  std::map<std::string, SignedWebhook> present;
  for (SignedWebhook& one : ListSigned()) {
    if (one.webhook.is_from_file) {
      present.emplace(one.webhook.spec.name, std::move(one));
    } else {
      next.emplace(one.webhook.id, std::move(one));
    }
  }
  if (file.size() + next.size() > options_.max_webhooks) {
    return absl::InvalidArgumentError(absl::StrCat(
        file.size() + next.size(), " webhooks, with those of the API; at most ",
        options_.max_webhooks, " are allowed"));
  }
  std::set<std::string> names;
  std::vector<SignedWebhook> made;
  std::vector<SignedWebhook> updated;
  for (const FileWebhook& one : file) {
    absl::Status valid = Validate(one.spec);
    if (valid.ok()) valid = ValidateWebhookSecret(one.secret);
    if (valid.ok() && !names.insert(one.spec.name).second) {
      valid = absl::InvalidArgumentError("has the name of an earlier one");
    }
    if (!valid.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "webhook ", base::Quote(one.spec.name), ": ", valid.message()));
    }
    if (auto found = present.extract(one.spec.name); !found.empty()) {
      SignedWebhook& webhook = found.mapped();
      webhook.webhook.spec = one.spec;
      webhook.secret = one.secret;
      updated.push_back(std::move(webhook));
      continue;
    }
    absl::StatusOr<Webhook> webhook = NewWebhook(one.spec);
    if (!webhook.ok()) return webhook.status();
    webhook->is_from_file = true;
    made.push_back({.webhook = *std::move(webhook), .secret = one.secret});
  }
  absl::Status written = db_.Write([&](Connection& connection) -> absl::Status {
    std::vector<Event> changes;
    for (const auto& [name, gone] : present) {
      absl::Status removed = Remove(connection, gone.webhook.id);
      if (!removed.ok()) return removed;
      changes.push_back(MakeEvent(EventKind::kWebhookDeleted, gone.webhook,
                                  std::string(kUser)));
    }
    for (const SignedWebhook& one : updated) {
      absl::Status put = UpdateSpec(connection, one);
      if (!put.ok()) return put;
    }
    for (SignedWebhook& one : made) {
      absl::Status inserted = Insert(connection, one);
      if (!inserted.ok()) return inserted;
      changes.push_back(MakeEvent(EventKind::kWebhookCreated, one.webhook,
                                  std::string(kUser)));
    }
    return events_.Append(connection, changes);
  });
  if (!written.ok()) return written;
  for (std::vector<SignedWebhook>* const list : {&updated, &made}) {
    for (SignedWebhook& one : *list) {
      next.emplace(one.webhook.id, std::move(one));
    }
  }
  absl::MutexLock webhooks_lock(&mutex_);
  webhooks_ = std::move(next);
  return absl::OkStatus();
}

std::vector<Webhook> WebhookStore::List() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Webhook> webhooks;
  webhooks.reserve(webhooks_.size());
  for (const auto& [id, one] : webhooks_) webhooks.push_back(one.webhook);
  return webhooks;
}

std::vector<SignedWebhook> WebhookStore::ListSigned() const {
  absl::MutexLock lock(&mutex_);
  std::vector<SignedWebhook> webhooks;
  webhooks.reserve(webhooks_.size());
  for (const auto& [id, one] : webhooks_) webhooks.push_back(one);
  return webhooks;
}

absl::StatusOr<Webhook> WebhookStore::Get(int64_t id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = webhooks_.find(id);
  if (found == webhooks_.end()) return NotFound(id);
  return found->second.webhook;
}

absl::StatusOr<Webhook> WebhookStore::Delete(int64_t id,
                                             const std::string& user) {
  absl::MutexLock lock(&change_mutex_);
  absl::StatusOr<Webhook> webhook = Get(id);
  if (!webhook.ok()) return webhook;
  absl::Status written = db_.Write([&](Connection& connection) {
    absl::Status removed = Remove(connection, id);
    if (!removed.ok()) return removed;
    return events_.Append(
        connection, {MakeEvent(EventKind::kWebhookDeleted, *webhook, user)});
  });
  if (!written.ok()) return written;
  absl::MutexLock webhooks_lock(&mutex_);
  webhooks_.erase(id);
  return webhook;
}

absl::Status WebhookStore::Record(int64_t id, const WebhookProgress& progress,
                                  absl::Span<const Event> events) {
  absl::MutexLock lock(&change_mutex_);
  if (absl::Status known = Get(id).status(); !known.ok()) return known;
  std::optional<int64_t> first_attempt;
  if (progress.first_attempt_at) {
    first_attempt = absl::ToUnixNanos(*progress.first_attempt_at);
  }
  absl::Status written = db_.Write([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> update = connection.Prepare(
        "UPDATE webhooks SET position = ?1, attempts = ?2, "
        "first_attempt_at = ?3 WHERE id = ?4");
    if (!update.ok()) return update.status();
    absl::Status updated = update->Bind(1, progress.position)
                               .Bind(2, progress.attempts)
                               .Bind(3, first_attempt)
                               .Bind(4, id)
                               .Run();
    if (!updated.ok()) return updated;
    return events_.Append(connection, events);
  });
  if (!written.ok()) return written;
  absl::MutexLock webhooks_lock(&mutex_);
  webhooks_.at(id).webhook.progress = progress;
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
