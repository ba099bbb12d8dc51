#include "auth/sqlite_client_store.h"

#include <cstdint>
#include <memory>
#include <optional>
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
#include "auth/clock.h"
#include "auth/oauth_client.h"
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

// Times are Unix seconds, the lifetime seconds; scopes are their names,
// separated by spaces.
constexpr storage::Migration kClientMigrations[] = {
    {.name = "create oauth_clients", .sql = R"sql(
        CREATE TABLE oauth_clients (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          secret_hash BLOB NOT NULL,
          name TEXT NOT NULL,
          scopes TEXT NOT NULL,
          hourly_limit INTEGER NOT NULL,
          daily_limit INTEGER NOT NULL,
          token_lifetime INTEGER NOT NULL,
          created_at INTEGER NOT NULL,
          revoked_at INTEGER
        ) STRICT)sql"}};

absl::Time FloorToSecond(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

absl::Time CeilToSecond(absl::Time time) {
  const absl::Time floor = FloorToSecond(time);
  return floor == time ? time : floor + absl::Seconds(1);
}

absl::Status NotFound(int64_t id) {
  return absl::NotFoundError(absl::StrCat("there is no client ", id));
}

absl::Status WrongCredentials() {
  return absl::UnauthenticatedError(
      "the client is unknown or revoked, or its secret is wrong");
}

absl::Status ReadRow(const Statement& row, OAuthClient& client,
                     TokenHash& secret_hash) {
  client.id = row.Int64(0);
  const auto corrupt = [&](const absl::Status& why) {
    return absl::DataLossError(
        absl::StrCat("client ", client.id, " can't be read: ", why.message()));
  };
  absl::StatusOr<TokenHash> hash = TokenHash::FromBytes(row.Bytes(1));
  if (!hash.ok()) return corrupt(hash.status());
  secret_hash = *hash;
  client.name = std::string(row.Text(2));
  const std::vector<std::string> names =
      absl::StrSplit(row.Text(3), ' ', absl::SkipEmpty());
  absl::StatusOr<ScopeSet> scopes = ParseScopes(names);
  if (!scopes.ok()) return corrupt(scopes.status());
  client.scopes = *scopes;
  client.hourly_limit = row.Int64(4);
  client.daily_limit = row.Int64(5);
  client.token_lifetime = absl::Seconds(row.Int64(6));
  client.created_at = absl::FromUnixSeconds(row.Int64(7));
  if (const std::optional<int64_t> revoked = row.OptionalInt64(8)) {
    client.revoked_at = absl::FromUnixSeconds(*revoked);
  }
  return absl::OkStatus();
}

absl::Status Insert(Connection& connection, const OAuthClient& client,
                    const TokenHash& secret_hash) {
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO oauth_clients (secret_hash, name, scopes, hourly_limit, "
      "daily_limit, token_lifetime, created_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!insert.ok()) return insert.status();
  return insert->Bind(1, storage::Blob{secret_hash.bytes()})
      .Bind(2, client.name)
      .Bind(3, absl::StrJoin(client.scopes.Names(), " "))
      .Bind(4, client.hourly_limit)
      .Bind(5, client.daily_limit)
      .Bind(6, absl::ToInt64Seconds(client.token_lifetime))
      .Bind(7, absl::ToUnixSeconds(client.created_at))
      .Run();
}

absl::Status Delete(Connection& connection, int64_t id) {
  absl::StatusOr<Statement> remove =
      connection.Prepare("DELETE FROM oauth_clients WHERE id = ?1");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, id).Run();
}

}  // namespace

SqliteClientStore::SqliteClientStore(storage::Database& db, TokenStore& tokens,
                                     const Clock& clock,
                                     const SqliteClientStoreOptions& options,
                                     Records records)
    : db_(db),
      tokens_(tokens),
      clock_(clock),
      options_(options),
      records_(std::move(records)) {}

absl::StatusOr<std::unique_ptr<SqliteClientStore>> SqliteClientStore::Open(
    storage::Database& db, TokenStore& tokens, const Clock& clock,
    const SqliteClientStoreOptions& options) {
  if (absl::Status migrated =
          storage::Migrate(db, "auth.oauth_clients", kClientMigrations);
      !migrated.ok()) {
    return migrated;
  }
  Records records;
  absl::Status read = db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT id, secret_hash, name, scopes, hourly_limit, daily_limit, "
        "token_lifetime, created_at, revoked_at FROM oauth_clients");
    if (!rows.ok()) return rows.status();
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      Record record;
      if (absl::Status valid =
              ReadRow(*rows, record.client, record.secret_hash);
          !valid.ok()) {
        return valid;
      }
      const int64_t id = record.client.id;
      records.emplace(id, std::move(record));
    }
  });
  if (!read.ok()) return read;
  return absl::WrapUnique(
      new SqliteClientStore(db, tokens, clock, options, std::move(records)));
}

absl::StatusOr<NewOAuthClient> SqliteClientStore::Create(
    const OAuthClientSpec& spec) {
  const absl::Time now = clock_.Now();
  if (absl::Status valid = Validate(spec, now); !valid.ok()) return valid;
  absl::StatusOr<Secret> secret = MakeClientSecret();
  if (!secret.ok()) return secret.status();

  Record record;
  record.secret_hash = HashOf(secret->Reveal());
  OAuthClient& client = record.client;
  client.name = spec.name;
  client.scopes = spec.scopes;
  client.hourly_limit = spec.hourly_limit;
  client.daily_limit = spec.daily_limit;
  client.token_lifetime = absl::Trunc(spec.token_lifetime, absl::Seconds(1));
  client.created_at = FloorToSecond(now);

  absl::MutexLock lock(&change_mutex_);
  std::optional<int64_t> replaced;
  const std::vector<OAuthClient> clients = List();
  if (clients.size() >= options_.max_clients) {
    absl::Time first = absl::InfiniteFuture();
    for (const OAuthClient& other : clients) {
      if (!other.revoked_at || *other.revoked_at >= first) continue;
      first = *other.revoked_at;
      replaced = other.id;
    }
    if (!replaced) {
      return absl::FailedPreconditionError(
          absl::StrCat("there are ", clients.size(),
                       " clients, no more are allowed; revoke one first"));
    }
  }
  absl::Status written = db_.Write([&](Connection& connection) {
    if (replaced) {
      if (absl::Status deleted = Delete(connection, *replaced); !deleted.ok()) {
        return deleted;
      }
    }
    absl::Status inserted = Insert(connection, client, record.secret_hash);
    client.id = connection.LastInsertId();
    return inserted;
  });
  if (!written.ok()) return written;

  NewOAuthClient made = {.client = client, .secret = *std::move(secret)};
  absl::MutexLock records_lock(&records_mutex_);
  if (replaced) records_.erase(*replaced);
  records_.emplace(made.client.id, std::move(record));
  return made;
}

std::vector<OAuthClient> SqliteClientStore::List() const {
  absl::MutexLock lock(&records_mutex_);
  std::vector<OAuthClient> clients;
  clients.reserve(records_.size());
  for (const auto& [id, record] : records_) clients.push_back(record.client);
  return clients;
}

absl::StatusOr<OAuthClient> SqliteClientStore::Get(int64_t id) const {
  absl::MutexLock lock(&records_mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return NotFound(id);
  return found->second.client;
}

absl::StatusOr<RevokedClient> SqliteClientStore::Revoke(int64_t id) {
  absl::MutexLock lock(&change_mutex_);
  absl::StatusOr<OAuthClient> client = Get(id);
  if (!client.ok()) return client.status();
  if (client->revoked_at) return RevokedClient{.client = *std::move(client)};
  // The tokens first: a crash in between leaves a client without tokens, not
  // tokens that nothing revokes.
  absl::StatusOr<std::vector<Token>> tokens = tokens_.RevokeTokensOfClient(id);
  if (!tokens.ok()) return tokens.status();
  client->revoked_at = FloorToSecond(clock_.Now());
  absl::Status written = db_.Write([&](Connection& connection) {
    absl::StatusOr<Statement> update = connection.Prepare(
        "UPDATE oauth_clients SET revoked_at = ?1 WHERE id = ?2");
    if (!update.ok()) return update.status();
    return update->Bind(1, absl::ToUnixSeconds(*client->revoked_at))
        .Bind(2, id)
        .Run();
  });
  if (!written.ok()) return written;
  absl::MutexLock records_lock(&records_mutex_);
  records_.at(id).client = *client;
  return RevokedClient{.client = *std::move(client),
                       .tokens = *std::move(tokens)};
}

absl::StatusOr<OAuthClient> SqliteClientStore::Authenticate(
    std::string_view public_id, const Secret& secret) const {
  // The size of a secret is public. Do not hash other sizes: anybody could make
  // the server hash any amount of data.
  if (secret.size() != kClientSecretSize) return WrongCredentials();
  const TokenHash hash = HashOf(secret.Reveal());
  const int64_t id = ParsePublicClientId(public_id).value_or(0);
  absl::MutexLock lock(&records_mutex_);
  const auto found = records_.find(id);
  const bool is_known = found != records_.end();
  // An unknown client costs a comparison too.
  const bool is_right =
      hash == (is_known ? found->second.secret_hash : TokenHash());
  if (!is_known || !is_right || found->second.client.revoked_at) {
    return WrongCredentials();
  }
  return found->second.client;
}

absl::StatusOr<NewToken> SqliteClientStore::IssueToken(int64_t id,
                                                       ScopeSet scopes) {
  absl::MutexLock lock(&change_mutex_);
  const absl::StatusOr<OAuthClient> client = Get(id);
  if (!client.ok() || client->revoked_at) return WrongCredentials();
  for (const Scope scope : {Scope::kPublic, Scope::kAdmin}) {
    if (scopes.Contains(scope) && !client->scopes.Allows(scope)) {
      return absl::PermissionDeniedError(absl::StrCat(
          "client ", id, " may not have the scope ", ScopeName(scope)));
    }
  }
  return tokens_.Create(
      {.name = client->name,
       .scopes = scopes,
       .expires_at = CeilToSecond(clock_.Now()) + client->token_lifetime,
       .hourly_limit = client->hourly_limit,
       .daily_limit = client->daily_limit,
       .client_id = id});
}

}  // namespace tallyman::auth
