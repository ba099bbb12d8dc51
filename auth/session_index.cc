#include "auth/session_index.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/token.h"
#include "auth/token_store.h"

namespace tallyman::auth {

SessionIndex::SessionIndex(const Clock& clock, const SessionLimits& limits,
                           std::function<void()> on_change)
    : clock_(clock), limits_(limits), on_change_(std::move(on_change)) {}

bool SessionIndex::IsActive(const SessionRecord& session,
                            absl::Time now) const {
  return !session.has_ended_.load() && now < session.session_.expires_at &&
         now < absl::FromUnixSeconds(session.last_used()) + limits_.idle;
}

void SessionIndex::Touch(const SessionRecord& session, absl::Time now) {
  const int64_t second = absl::ToUnixSeconds(now);
  int64_t last = session.last_used_.load();
  while (last < second) {
    if (session.last_used_.compare_exchange_weak(last, second)) {
      on_change_();
      return;
    }
  }
}

absl::StatusOr<std::shared_ptr<const SessionRecord>> SessionIndex::Use(
    const Secret& cookie, const Secret& key) {
  std::shared_ptr<const SessionRecord> session;
  // As with tokens, other sizes are not hashed.
  if (cookie.size() == kSessionValueSize && key.size() == kSessionValueSize) {
    const TokenHash hash = HashOf(key.Reveal());
    absl::ReaderMutexLock lock(&mutex_);
    const auto found = by_key_.find(hash);
    if (found != by_key_.end()) session = found->second;
  }
  if (session == nullptr) {
    return absl::UnauthenticatedError(
        "the session is unknown or has ended; sign in again");
  }
  // In constant time.
  if (!(session->cookie_hash() == HashOf(cookie.Reveal()))) {
    return absl::UnauthenticatedError(
        "the cookie and the key belong to different sessions; sign in again");
  }
  const absl::Time now = clock_.Now();
  if (!IsActive(*session, now)) {
    return absl::UnauthenticatedError(
        now < session->session_.expires_at && !session->has_ended_.load()
            ? "the session has ended, since it was not used for too long; sign "
              "in again"
            : "the session has ended; sign in again");
  }
  Touch(*session, now);
  return session;
}

bool SessionIndex::UseAgain(const SessionRecord& session) {
  const absl::Time now = clock_.Now();
  if (!IsActive(session, now)) return false;
  Touch(session, now);
  return true;
}

bool SessionIndex::HasCookie(const Secret& cookie) const {
  if (cookie.size() != kSessionValueSize) return false;
  const TokenHash hash = HashOf(cookie.Reveal());
  const absl::Time now = clock_.Now();
  absl::ReaderMutexLock lock(&mutex_);
  return std::any_of(by_key_.begin(), by_key_.end(), [&](const auto& entry) {
    const SessionRecord& session = *entry.second;
    return session.cookie_hash() == hash && IsActive(session, now);
  });
}

void SessionIndex::Update(const TokenSnapshot& tokens) {
  bool has_ended = false;
  {
    absl::MutexLock lock(&mutex_);
    if (tokens.revision < revision_) return;
    revision_ = tokens.revision;
    tokens_ = tokens.records;
    for (auto it = by_key_.begin(); it != by_key_.end();) {
      const SessionRecord& session = *it->second;
      const auto token = FindToken(session.token()->token.id);
      if (token != nullptr && !token->token.revoked_at) {
        ++it;
        continue;
      }
      session.has_ended_ = true;
      ended_.push_back(session.id());
      by_key_.erase(it++);
      has_ended = true;
    }
  }
  if (has_ended) on_change_();
}

std::shared_ptr<const TokenRecord> SessionIndex::FindToken(int64_t id) const {
  const auto found = std::lower_bound(
      tokens_.begin(), tokens_.end(), id,
      [](const auto& record, int64_t i) { return record->token.id < i; });
  if (found == tokens_.end() || (*found)->token.id != id) return nullptr;
  return *found;
}

std::shared_ptr<const TokenRecord> SessionIndex::FindValidToken(
    int64_t id) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::shared_ptr<const TokenRecord> token = FindToken(id);
  if (token == nullptr || !IsValid(token->token, clock_.Now())) return nullptr;
  return token;
}

bool SessionIndex::Add(std::shared_ptr<SessionRecord> session) {
  absl::MutexLock lock(&mutex_);
  const auto token = FindToken(session->token()->token.id);
  if (token == nullptr || !IsValid(token->token, clock_.Now())) return false;
  const TokenHash key_hash = session->key_hash();
  by_key_[key_hash] = std::move(session);
  return true;
}

void SessionIndex::End(
    const std::vector<std::shared_ptr<const SessionRecord>>& sessions) {
  absl::MutexLock lock(&mutex_);
  for (const auto& session : sessions) {
    session->has_ended_ = true;
    by_key_.erase(session->key_hash());
  }
}

std::vector<std::shared_ptr<const SessionRecord>> SessionIndex::List() {
  const absl::Time now = clock_.Now();
  std::vector<std::shared_ptr<const SessionRecord>> sessions;
  bool has_ended = false;
  {
    absl::MutexLock lock(&mutex_);
    sessions.reserve(by_key_.size());
    for (auto it = by_key_.begin(); it != by_key_.end();) {
      const SessionRecord& session = *it->second;
      if (IsActive(session, now)) {
        sessions.push_back(it->second);
        ++it;
        continue;
      }
      session.has_ended_ = true;
      ended_.push_back(session.id());
      by_key_.erase(it++);
      has_ended = true;
    }
  }
  if (has_ended) on_change_();
  std::sort(sessions.begin(), sessions.end(),
            [](const auto& a, const auto& b) { return a->id() < b->id(); });
  return sessions;
}

std::vector<int64_t> SessionIndex::TakeEnded() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(ended_, {});
}

void SessionIndex::ReturnEnded(const std::vector<int64_t>& ids) {
  absl::MutexLock lock(&mutex_);
  ended_.insert(ended_.end(), ids.begin(), ids.end());
}

Session SessionIndex::Describe(const SessionRecord& session) const {
  Session described = session.session_;
  described.last_used_at = absl::FromUnixSeconds(session.last_used());
  described.idle_expires_at = described.last_used_at + limits_.idle;
  return described;
}

}  // namespace tallyman::auth
