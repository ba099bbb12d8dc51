#include "auth/sqlite_session_store.h"

#include <algorithm>
#include <cstddef>
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
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/session_index.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "platform/base/utf8.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace tallyman::auth {
namespace {

using storage::Connection;
using storage::Statement;
using SessionPointer = std::shared_ptr<const SessionRecord>;

// Times are Unix seconds. No foreign key to the table of tokens: another store
// may keep the tokens.
constexpr storage::Migration kSessionMigrations[] = {
    {.name = "create sessions", .sql = R"sql(
        CREATE TABLE sessions (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          cookie_hash BLOB NOT NULL,
          key_hash BLOB NOT NULL,
          token_id INTEGER NOT NULL,
          created_at INTEGER NOT NULL,
          last_used_at INTEGER NOT NULL,
          expires_at INTEGER NOT NULL,
          user_agent TEXT NOT NULL,
          address TEXT NOT NULL
        ) STRICT;
        CREATE TABLE session_label (label TEXT NOT NULL) STRICT;
        INSERT INTO session_label VALUES (lower(hex(randomblob(4)))))sql"}};

// `text` on one line, as valid UTF-8, cut between two characters.
std::string Cleaned(std::string_view text) {
  std::string cleaned;
  while (!text.empty()) {
    const base::Utf8Character character = base::FirstCharacter(text);
    const bool is_plain = character.valid() && !base::IsControl(character.code);
    const std::string_view shown =
        is_plain ? text.substr(0, character.size) : "\xef\xbf\xbd";  // U+FFFD
    if (cleaned.size() + shown.size() > kMaxUserAgentBytes) break;
    cleaned.append(shown);
    text.remove_prefix(character.size);
  }
  return cleaned;
}

absl::Status Insert(Connection& connection, const Session& session,
                    const TokenHash& cookie_hash, const TokenHash& key_hash) {
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO sessions (cookie_hash, key_hash, token_id, created_at, "
      "last_used_at, expires_at, user_agent, address) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!insert.ok()) return insert.status();
  return insert->Bind(1, storage::Blob{cookie_hash.bytes()})
      .Bind(2, storage::Blob{key_hash.bytes()})
      .Bind(3, session.token.id)
      .Bind(4, absl::ToUnixSeconds(session.created_at))
      .Bind(5, absl::ToUnixSeconds(session.last_used_at))
      .Bind(6, absl::ToUnixSeconds(session.expires_at))
      .Bind(7, session.origin.user_agent)
      .Bind(8, session.origin.address)
      .Run();
}

absl::Status Delete(Connection& connection, const std::vector<int64_t>& ids) {
  if (ids.empty()) return absl::OkStatus();
  absl::StatusOr<Statement> remove =
      connection.Prepare("DELETE FROM sessions WHERE id = ?1");
  if (!remove.ok()) return remove.status();
  for (const int64_t id : ids) {
    if (absl::Status run = remove->Bind(1, id).Run(); !run.ok()) return run;
  }
  return absl::OkStatus();
}

std::vector<int64_t> IdsOf(const std::vector<SessionPointer>& records) {
  std::vector<int64_t> ids;
  ids.reserve(records.size());
  for (const SessionPointer& record : records) ids.push_back(record->id());
  return ids;
}

}  // namespace

SqliteSessionStore::SqliteSessionStore(storage::Database& db,
                                       const Clock& clock,
                                       const SqliteSessionStoreOptions& options)
    : db_(db),
      clock_(clock),
      options_(options),
      index_(clock, options.limits, [this] {
        if (writer_) writer_->Notify();
      }) {}

SqliteSessionStore::~SqliteSessionStore() {
  watch_.reset();
  writer_.reset();
  FlushInBackground();  // What an earlier write could not.
}

absl::StatusOr<std::unique_ptr<SqliteSessionStore>> SqliteSessionStore::Open(
    storage::Database& db, TokenStore& tokens, const Clock& clock,
    const SqliteSessionStoreOptions& options) {
  if (absl::Status migrated =
          storage::Migrate(db, "auth.sessions", kSessionMigrations);
      !migrated.ok()) {
    return migrated;
  }
  auto store = absl::WrapUnique(new SqliteSessionStore(db, clock, options));
  SqliteSessionStore* const self = store.get();
  // The tokens first: Load() asks for them.
  absl::StatusOr<std::unique_ptr<TokenWatch>> watch = tokens.Watch(
      [self](const TokenSnapshot& snapshot) { self->index_.Update(snapshot); });
  if (!watch.ok()) return watch.status();
  store->watch_ = *std::move(watch);
  if (absl::Status loaded = store->Load(); !loaded.ok()) return loaded;
  store->writer_.emplace(options.write_interval,
                         [self] { self->FlushInBackground(); });
  return store;
}

absl::Status SqliteSessionStore::Load() {
  absl::MutexLock lock(&flush_mutex_);
  std::vector<int64_t> ended;
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> label =
        connection.Prepare("SELECT label FROM session_label");
    if (!label.ok()) return label.status();
    absl::StatusOr<bool> has_label = label->Step();
    if (!has_label.ok()) return has_label.status();
    if (!*has_label) return absl::DataLossError("session_label has no row");
    label_ = std::string(label->Text(0));

    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT id, cookie_hash, key_hash, token_id, created_at, last_used_at, "
        "expires_at, user_agent, address FROM sessions");
    if (!rows.ok()) return rows.status();
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      const int64_t id = rows->Int64(0);
      const absl::StatusOr<TokenHash> cookie_hash =
          TokenHash::FromBytes(rows->Bytes(1));
      const absl::StatusOr<TokenHash> key_hash =
          TokenHash::FromBytes(rows->Bytes(2));
      if (!cookie_hash.ok() || !key_hash.ok()) {
        return absl::DataLossError(
            absl::StrCat("session ", id, " can't be read: a hash has not ",
                         TokenHash::kSize, " bytes"));
      }
      std::shared_ptr<const TokenRecord> token =
          index_.FindValidToken(rows->Int64(3));
      if (token == nullptr) {
        ended.push_back(id);
        continue;
      }
      Session session;
      session.id = id;
      session.token = token->token;
      session.created_at = absl::FromUnixSeconds(rows->Int64(4));
      session.last_used_at = absl::FromUnixSeconds(rows->Int64(5));
      session.expires_at = absl::FromUnixSeconds(rows->Int64(6));
      session.origin.user_agent = std::string(rows->Text(7));
      session.origin.address = std::string(rows->Text(8));
      written_uses_[id] = rows->Int64(5);
      if (!index_.Add(std::make_shared<SessionRecord>(
              std::move(session), std::move(token), *cookie_hash, *key_hash))) {
        ended.push_back(id);
      }
    }
  });
  index_.ReturnEnded(ended);
  return read;
}

SqliteSessionStore::Records SqliteSessionStore::FindReplaced(int64_t token_id) {
  Records sessions = index_.List();
  // The one used least recently first; of several the oldest.
  std::stable_sort(sessions.begin(), sessions.end(),
                   [](const auto& a, const auto& b) {
                     return a->last_used() < b->last_used();
                   });
  Records replaced;
  const auto replace = [&](auto is_candidate, size_t count, size_t max) {
    for (auto it = sessions.begin(); it != sessions.end() && count >= max;) {
      if (!is_candidate(**it)) {
        ++it;
        continue;
      }
      replaced.push_back(*it);
      it = sessions.erase(it);
      --count;
    }
  };
  const auto is_of_token = [token_id](const SessionRecord& session) {
    return session.token()->token.id == token_id;
  };
  const auto of_token = static_cast<size_t>(std::count_if(
      sessions.begin(), sessions.end(),
      [&](const auto& session) { return is_of_token(*session); }));
  replace(is_of_token, of_token, options_.limits.max_per_token);
  replace([](const SessionRecord&) { return true; }, sessions.size(),
          options_.limits.max_in_all);
  return replaced;
}

absl::StatusOr<NewSession> SqliteSessionStore::Create(
    int64_t token_id, const SessionOrigin& origin, Secret cookie) {
  if (!index_.HasCookie(cookie)) {
    absl::StatusOr<Secret> made = MakeRandomValue(/*prefix=*/"");
    if (!made.ok()) return made.status();
    cookie = *std::move(made);
  }
  absl::StatusOr<Secret> key = MakeRandomValue(/*prefix=*/"");
  if (!key.ok()) return key.status();
  const TokenHash cookie_hash = HashOf(cookie.Reveal());
  const TokenHash key_hash = HashOf(key->Reveal());

  absl::MutexLock lock(&change_mutex_);
  std::shared_ptr<const TokenRecord> token = index_.FindValidToken(token_id);
  const auto invalid = [] {
    return absl::UnauthenticatedError("the token was revoked or has expired");
  };
  if (token == nullptr) return invalid();
  const absl::Time now =
      absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()));
  Session session;
  session.token = token->token;
  session.created_at = now;
  session.last_used_at = now;
  session.expires_at = now + options_.limits.lifetime;
  if (token->token.expires_at) {
    session.expires_at = std::min(session.expires_at, *token->token.expires_at);
  }
  session.origin = {Cleaned(origin.user_agent), Cleaned(origin.address)};

  const Records replaced = FindReplaced(token_id);
  absl::Status written = db_.Write([&](Connection& connection) {
    if (absl::Status deleted = Delete(connection, IdsOf(replaced));
        !deleted.ok()) {
      return deleted;
    }
    absl::Status inserted = Insert(connection, session, cookie_hash, key_hash);
    session.id = connection.LastInsertId();
    return inserted;
  });
  if (!written.ok()) return written;

  NewSession made;
  for (const SessionPointer& record : replaced) {
    made.replaced.push_back(index_.Describe(*record));
  }
  index_.End(replaced);
  auto record = std::make_shared<SessionRecord>(session, std::move(token),
                                                cookie_hash, key_hash);
  const int64_t id = session.id;
  if (!index_.Add(record)) {
    index_.ReturnEnded({id});  // The token was revoked meanwhile.
    writer_->Notify();
    return invalid();
  }
  made.session = index_.Describe(*record);
  made.cookie = std::move(cookie);
  made.key = *std::move(key);
  return made;
}

std::vector<Session> SqliteSessionStore::List(std::optional<int64_t> token_id) {
  std::vector<Session> sessions;
  for (const SessionPointer& record : index_.List()) {
    if (token_id && record->token()->token.id != *token_id) continue;
    sessions.push_back(index_.Describe(*record));
  }
  return sessions;
}

absl::StatusOr<std::vector<Session>> SqliteSessionStore::EndAll(
    const Records& records) {
  std::vector<Session> ended;
  if (records.empty()) return ended;
  absl::Status written = db_.Write([&](Connection& connection) {
    return Delete(connection, IdsOf(records));
  });
  if (!written.ok()) return written;
  for (const SessionPointer& record : records) {
    ended.push_back(index_.Describe(*record));
  }
  index_.End(records);
  return ended;
}

absl::StatusOr<Session> SqliteSessionStore::End(int64_t id) {
  absl::MutexLock lock(&change_mutex_);
  for (const SessionPointer& record : index_.List()) {
    if (record->id() != id) continue;
    absl::StatusOr<std::vector<Session>> ended = EndAll({record});
    if (!ended.ok()) return ended.status();
    return std::move(ended->front());
  }
  return absl::NotFoundError(absl::StrCat("there is no session ", id));
}

absl::StatusOr<std::vector<Session>> SqliteSessionStore::EndAllOfToken(
    int64_t token_id) {
  absl::MutexLock lock(&change_mutex_);
  Records records;
  for (SessionPointer& record : index_.List()) {
    if (record->token()->token.id == token_id) {
      records.push_back(std::move(record));
    }
  }
  return EndAll(records);
}

absl::Status SqliteSessionStore::Flush() {
  absl::MutexLock lock(&flush_mutex_);
  absl::flat_hash_map<int64_t, int64_t> uses;
  std::vector<std::pair<int64_t, int64_t>> changed;
  for (const SessionPointer& record : index_.List()) {
    const int64_t last_used = record->last_used();
    uses[record->id()] = last_used;
    const auto written = written_uses_.find(record->id());
    if (written == written_uses_.end() || written->second != last_used) {
      changed.emplace_back(record->id(), last_used);
    }
  }
  const std::vector<int64_t> ended = index_.TakeEnded();
  if (changed.empty() && ended.empty()) return absl::OkStatus();
  absl::Status written = db_.Write([&](Connection& connection) -> absl::Status {
    if (absl::Status deleted = Delete(connection, ended); !deleted.ok()) {
      return deleted;
    }
    absl::StatusOr<Statement> update = connection.Prepare(
        "UPDATE sessions SET last_used_at = ?1 WHERE id = ?2");
    if (!update.ok()) return update.status();
    for (const auto& [id, last_used] : changed) {
      if (absl::Status run = update->Bind(1, last_used).Bind(2, id).Run();
          !run.ok()) {
        return run;
      }
    }
    return absl::OkStatus();
  });
  if (!written.ok()) {
    index_.ReturnEnded(ended);
    return written;
  }
  written_uses_ = std::move(uses);
  return absl::OkStatus();
}

void SqliteSessionStore::FlushInBackground() {
  const absl::Status status = Flush();
  if (!status.ok() && options_.on_write_error) options_.on_write_error(status);
}

}  // namespace tallyman::auth
