#include "auth/sqlite_token_store.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
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
#include "auth/token_store.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace tallyman::auth {
namespace {

using storage::Connection;
using storage::Statement;

// Times are Unix seconds; scopes are their names, separated by spaces.
constexpr storage::Migration kTokenMigrations[] = {
    {.name = "create tokens", .sql = R"sql(
        CREATE TABLE tokens (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          hash BLOB NOT NULL UNIQUE,
          name TEXT NOT NULL,
          scopes TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          expires_at INTEGER,
          revoked_at INTEGER,
          hourly_limit INTEGER NOT NULL,
          daily_limit INTEGER NOT NULL
        ) STRICT)sql"},
    {.name = "add client_id",
     .sql = "ALTER TABLE tokens ADD COLUMN client_id INTEGER"}};

absl::Time FloorToSecond(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

std::optional<int64_t> OptionalSeconds(const std::optional<absl::Time>& time) {
  if (!time.has_value()) return std::nullopt;
  return absl::ToUnixSeconds(*time);
}

std::optional<absl::Time> OptionalTime(const std::optional<int64_t>& seconds) {
  if (!seconds.has_value()) return std::nullopt;
  return absl::FromUnixSeconds(*seconds);
}

absl::StatusOr<std::shared_ptr<const TokenRecord>> ReadRow(
    const Statement& row) {
  auto record = std::make_shared<TokenRecord>();
  Token& token = record->token;
  token.id = row.Int64(0);
  const auto corrupt = [&](const absl::Status& why) {
    return absl::DataLossError(
        absl::StrCat("token ", token.id, " can't be read: ", why.message()));
  };
  absl::StatusOr<TokenHash> hash = TokenHash::FromBytes(row.Bytes(1));
  if (!hash.ok()) return corrupt(hash.status());
  record->hash = *hash;
  token.name = std::string(row.Text(2));
  const std::vector<std::string> names =
      absl::StrSplit(row.Text(3), ' ', absl::SkipEmpty());
  absl::StatusOr<ScopeSet> scopes = ParseScopes(names);
  if (!scopes.ok()) return corrupt(scopes.status());
  token.scopes = *scopes;
  token.created_at = absl::FromUnixSeconds(row.Int64(4));
  token.expires_at = OptionalTime(row.OptionalInt64(5));
  token.revoked_at = OptionalTime(row.OptionalInt64(6));
  token.hourly_limit = row.Int64(7);
  token.daily_limit = row.Int64(8);
  token.client_id = row.OptionalInt64(9);
  return record;
}

absl::Status Insert(Connection& connection, const TokenRecord& record) {
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO tokens (hash, name, scopes, created_at, expires_at, "
      "hourly_limit, daily_limit, client_id) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!insert.ok()) return insert.status();
  const Token& token = record.token;
  return insert->Bind(1, storage::Blob{record.hash.bytes()})
      .Bind(2, token.name)
      .Bind(3, absl::StrJoin(token.scopes.Names(), " "))
      .Bind(4, absl::ToUnixSeconds(token.created_at))
      .Bind(5, OptionalSeconds(token.expires_at))
      .Bind(6, token.hourly_limit)
      .Bind(7, token.daily_limit)
      .Bind(8, token.client_id)
      .Run();
}

absl::Status Delete(Connection& connection, int64_t id) {
  absl::StatusOr<Statement> remove =
      connection.Prepare("DELETE FROM tokens WHERE id = ?1");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, id).Run();
}

absl::Status MarkRevoked(Connection& connection, const TokenRecord& record) {
  absl::StatusOr<Statement> update =
      connection.Prepare("UPDATE tokens SET revoked_at = ?1 WHERE id = ?2");
  if (!update.ok()) return update.status();
  return update->Bind(1, OptionalSeconds(record.token.revoked_at))
      .Bind(2, record.token.id)
      .Run();
}

std::shared_ptr<const TokenRecord> RevokedAt(const TokenRecord& record,
                                             absl::Time now) {
  auto revoked = std::make_shared<TokenRecord>(record);
  revoked->token.revoked_at = FloorToSecond(now);
  return revoked;
}

bool IsLastingAdmin(const Token& token, absl::Time now) {
  return HasValidAdmin(absl::MakeConstSpan(&token, 1), now);
}

// From this moment on the token is not valid.
absl::Time EndOf(const Token& token) {
  return std::min(token.revoked_at.value_or(absl::InfiniteFuture()),
                  token.expires_at.value_or(absl::InfiniteFuture()));
}

}  // namespace

// Removes the watcher from the list in its destructor.
class SqliteTokenStore::Registration final : public TokenWatch {
 public:
  Registration(SqliteTokenStore& store, std::list<Watcher>::iterator position)
      : store_(store), position_(position) {}
  ~Registration() override {
    absl::MutexLock lock(&store_.change_mutex_);
    store_.watchers_.erase(position_);
  }

 private:
  SqliteTokenStore& store_;
  const std::list<Watcher>::iterator position_;
};

SqliteTokenStore::SqliteTokenStore(storage::Database& db, const Clock& clock,
                                   const SqliteTokenStoreOptions& options,
                                   Records records)
    : db_(db),
      clock_(clock),
      options_(options),
      snapshot_(std::make_shared<const TokenSnapshot>(
          TokenSnapshot{.revision = 1, .records = std::move(records)})) {}

absl::StatusOr<std::unique_ptr<SqliteTokenStore>> SqliteTokenStore::Open(
    storage::Database& db, const Clock& clock,
    const SqliteTokenStoreOptions& options) {
  if (absl::Status migrated =
          storage::Migrate(db, "auth.tokens", kTokenMigrations);
      !migrated.ok()) {
    return migrated;
  }
  Records records;
  absl::Status read = db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT id, hash, name, scopes, created_at, expires_at, revoked_at, "
        "hourly_limit, daily_limit, client_id FROM tokens ORDER BY id");
    if (!rows.ok()) return rows.status();
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      absl::StatusOr<std::shared_ptr<const TokenRecord>> record =
          ReadRow(*rows);
      if (!record.ok()) return record.status();
      records.push_back(*std::move(record));
    }
  });
  if (!read.ok()) return read;
  return absl::WrapUnique(
      new SqliteTokenStore(db, clock, options, std::move(records)));
}

std::shared_ptr<const TokenSnapshot> SqliteTokenStore::Current() const {
  absl::MutexLock lock(&snapshot_mutex_);
  return snapshot_;
}

absl::StatusOr<std::vector<int64_t>> SqliteTokenStore::MakeRoom(
    std::optional<int64_t> client_id, absl::Time now, Records& records) const {
  std::vector<int64_t> removed;
  const auto remove = [&](size_t i) {
    removed.push_back(records[i]->token.id);
    records.erase(records.begin() + static_cast<ptrdiff_t>(i));
  };
  if (client_id) {
    const auto gone = std::stable_partition(
        records.begin(), records.end(), [&](const auto& record) {
          return !record->token.client_id || IsValid(record->token, now);
        });
    for (auto it = gone; it != records.end(); ++it) {
      removed.push_back((*it)->token.id);
    }
    records.erase(gone, records.end());
    size_t oldest = records.size();
    size_t count = 0;
    for (size_t i = 0; i < records.size(); ++i) {
      if (records[i]->token.client_id != client_id) continue;
      if (count++ == 0) oldest = i;  // By id, so by age.
    }
    if (count >= options_.max_tokens_per_client) remove(oldest);
  }
  if (records.size() < options_.max_tokens) return removed;
  size_t ended = records.size();
  for (size_t i = 0; i < records.size(); ++i) {
    if (IsValid(records[i]->token, now)) continue;
    if (ended == records.size() ||
        EndOf(records[i]->token) < EndOf(records[ended]->token)) {
      ended = i;
    }
  }
  if (ended == records.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("there are ", records.size(),
                     " valid tokens, no more are allowed; revoke one first"));
  }
  remove(ended);
  return removed;
}

absl::StatusOr<NewToken> SqliteTokenStore::Create(const TokenSpec& spec) {
  const absl::Time now = clock_.Now();
  if (absl::Status valid = Validate(spec, now); !valid.ok()) return valid;
  absl::StatusOr<Secret> value = MakeTokenValue();
  if (!value.ok()) return value.status();

  auto record = std::make_shared<TokenRecord>();
  record->hash = HashOf(value->Reveal());
  Token& token = record->token;
  token.name = spec.name;
  token.scopes = spec.scopes;
  token.created_at = FloorToSecond(now);
  if (spec.expires_at.has_value()) {
    token.expires_at = FloorToSecond(*spec.expires_at);
  }
  token.hourly_limit = spec.hourly_limit;
  token.daily_limit = spec.daily_limit;
  token.client_id = spec.client_id;

  absl::MutexLock lock(&change_mutex_);
  Records records = Current()->records;
  absl::StatusOr<std::vector<int64_t>> removed =
      MakeRoom(spec.client_id, now, records);
  if (!removed.ok()) return removed.status();
  absl::Status written = db_.Write([&](Connection& connection) {
    for (const int64_t id : *removed) {
      if (absl::Status deleted = Delete(connection, id); !deleted.ok()) {
        return deleted;
      }
    }
    absl::Status inserted = Insert(connection, *record);
    token.id = connection.LastInsertId();
    return inserted;
  });
  if (!written.ok()) return written;

  NewToken made = {.token = token, .value = *std::move(value)};
  records.push_back(std::move(record));
  Publish(std::move(records));
  return made;
}

absl::StatusOr<std::vector<Token>> SqliteTokenStore::List() {
  const std::shared_ptr<const TokenSnapshot> snapshot = Current();
  std::vector<Token> tokens;
  tokens.reserve(snapshot->records.size());
  for (const auto& record : snapshot->records) tokens.push_back(record->token);
  return tokens;
}

absl::StatusOr<Token> SqliteTokenStore::Revoke(int64_t id) {
  absl::MutexLock lock(&change_mutex_);
  const absl::Time now = clock_.Now();
  Records records = Current()->records;
  std::shared_ptr<const TokenRecord>* found = nullptr;
  bool other_admin = false;
  for (auto& record : records) {
    if (record->token.id == id) {
      found = &record;
    } else if (IsLastingAdmin(record->token, now)) {
      other_admin = true;
    }
  }
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no token ", id));
  }
  const Token& token = (*found)->token;
  if (token.revoked_at.has_value()) return token;
  if (IsLastingAdmin(token, now) && !other_admin) {
    return absl::FailedPreconditionError(
        absl::StrCat("token ", id, " is the last valid one with the scope ",
                     "\"admin\"; make another admin token first"));
  }

  auto revoked = RevokedAt(**found, now);
  absl::Status written = db_.Write([&](Connection& connection) {
    return MarkRevoked(connection, *revoked);
  });
  if (!written.ok()) return written;

  Token result = revoked->token;
  *found = std::move(revoked);
  Publish(std::move(records));
  return result;
}

absl::StatusOr<std::vector<Token>> SqliteTokenStore::RevokeTokensOfClient(
    int64_t client_id) {
  absl::MutexLock lock(&change_mutex_);
  const absl::Time now = clock_.Now();
  Records records = Current()->records;
  Records revoked;
  std::vector<Token> result;
  for (auto& record : records) {
    if (record->token.client_id != client_id || !IsValid(record->token, now)) {
      continue;
    }
    record = RevokedAt(*record, now);
    revoked.push_back(record);
    result.push_back(record->token);
  }
  if (revoked.empty()) return result;
  absl::Status written = db_.Write([&](Connection& connection) {
    for (const auto& record : revoked) {
      if (absl::Status marked = MarkRevoked(connection, *record);
          !marked.ok()) {
        return marked;
      }
    }
    return absl::OkStatus();
  });
  if (!written.ok()) return written;
  Publish(std::move(records));
  return result;
}

void SqliteTokenStore::Publish(Records records) {
  auto snapshot = std::make_shared<const TokenSnapshot>(TokenSnapshot{
      .revision = Current()->revision + 1, .records = std::move(records)});
  {
    absl::MutexLock lock(&snapshot_mutex_);
    snapshot_ = snapshot;
  }
  for (const Watcher& watcher : watchers_) watcher(*snapshot);
}

absl::StatusOr<std::unique_ptr<TokenWatch>> SqliteTokenStore::Watch(
    Watcher watcher) {
  absl::MutexLock lock(&change_mutex_);
  watcher(*Current());
  return std::make_unique<Registration>(
      *this, watchers_.insert(watchers_.end(), std::move(watcher)));
}

}  // namespace tallyman::auth
