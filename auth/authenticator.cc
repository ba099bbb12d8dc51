#include "auth/authenticator.h"

#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/session_index.h"
#include "auth/token.h"
#include "auth/token_store.h"

namespace tallyman::auth {

absl::Status Principal::Authorize(Scope needed) const {
  const ScopeSet scopes = token().scopes;
  if (scopes.Allows(needed)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("this needs a token with the scope \"", ScopeName(needed),
                   "\", the one given has \"",
                   absl::StrJoin(scopes.Names(), "\", \""), "\""));
}

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Create(
    TokenStore& store, const Clock& clock, SessionIndex* sessions) {
  auto authenticator = absl::WrapUnique(new Authenticator(clock, sessions));
  Authenticator* const self = authenticator.get();
  absl::StatusOr<std::unique_ptr<TokenWatch>> watch = store.Watch(
      [self](const TokenSnapshot& snapshot) { self->Update(snapshot); });
  if (!watch.ok()) return watch.status();
  authenticator->watch_ = *std::move(watch);
  return authenticator;
}

void Authenticator::Update(const TokenSnapshot& snapshot) {
  Index index;
  index.reserve(snapshot.records.size());
  for (const auto& record : snapshot.records) index[record->hash] = record;
  absl::MutexLock lock(&mutex_);
  if (snapshot.revision < revision_) return;
  revision_ = snapshot.revision;
  index_.swap(index);  // The old one is freed after the lock.
}

absl::StatusOr<Principal> Authenticator::Authenticate(
    const Secret& presented) const {
  if (presented.empty()) {
    return absl::UnauthenticatedError("no token was given");
  }
  std::shared_ptr<const TokenRecord> record;
  // The size of a token is public. Do not hash other sizes: clients without a
  // token could make the server hash any amount of data.
  if (presented.size() == kTokenValueSize) {
    // The time of the lookup depends on the hash only, and a client cannot
    // choose a hash without a token; the comparison is in constant time too.
    const TokenHash hash = HashOf(presented.Reveal());
    absl::ReaderMutexLock lock(&mutex_);
    const auto found = index_.find(hash);
    if (found != index_.end()) record = found->second;
  }
  if (record == nullptr) {
    return absl::UnauthenticatedError(
        "the token is unknown; check that it was copied whole");
  }
  const Token& token = record->token;
  if (token.revoked_at.has_value()) {
    return absl::UnauthenticatedError("the token was revoked");
  }
  if (!IsValid(token, clock_.Now())) {
    return absl::UnauthenticatedError(
        absl::StrCat("the token expired at ",
                     absl::FormatTime(absl::RFC3339_sec, *token.expires_at,
                                      absl::UTCTimeZone())));
  }
  return Principal(std::move(record));
}

absl::StatusOr<Principal> Authenticator::AuthenticateSession(
    const Secret& cookie, const Secret& key) const {
  if (sessions_ == nullptr) {
    return absl::UnauthenticatedError("there are no sessions here");
  }
  absl::StatusOr<std::shared_ptr<const SessionRecord>> session =
      sessions_->Use(cookie, key);
  if (!session.ok()) return session.status();
  std::shared_ptr<const TokenRecord> token = (*session)->token();
  return Principal(std::move(token), *std::move(session));
}

bool Authenticator::IsStillValid(const Principal& principal) const {
  if (principal.session_ != nullptr &&
      !sessions_->UseAgain(*principal.session_)) {
    return false;
  }
  std::shared_ptr<const TokenRecord> record;
  {
    absl::ReaderMutexLock lock(&mutex_);
    const auto found = index_.find(principal.record_->hash);
    if (found == index_.end()) return false;
    record = found->second;
  }
  return IsValid(record->token, clock_.Now());
}

}  // namespace tallyman::auth
