// Examples of authenticator.h, token_store.h, sqlite_token_store.h, token.h and
// secret.h.

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "storage/database.h"

namespace tallyman::auth {
namespace {

// A token that may change things, for a week. Its value is available only now.
absl::StatusOr<NewToken> CreateDeployToken(TokenStore& store) {
  const absl::StatusOr<ScopeSet> scopes = ParseScopes({"admin"});
  if (!scopes.ok()) return scopes.status();
  TokenSpec spec;
  spec.name = "deploy";
  spec.scopes = *scopes;
  spec.expires_at = SystemClock().Now() + absl::Hours(24 * 7);
  return store.Create(spec);
}

// The status of HTTP for a request that presents `presented`.
int StatusFor(const Authenticator& authenticator, const Secret& presented,
              Scope needed) {
  const absl::StatusOr<Principal> who = authenticator.Authenticate(presented);
  if (!who.ok()) return 401;
  if (!who->Authorize(needed).ok()) return 403;
  return 200;
}

TEST(AuthenticatorExample, DecidesWhoMayDoWhat) {
  const platform::TempDirectory directory;
  const absl::StatusOr<std::unique_ptr<storage::Database>> db =
      storage::Database::Open(directory.path() + "/tokens.db", {});
  ASSERT_TRUE(db.ok()) << db.status();
  const absl::StatusOr<std::unique_ptr<SqliteTokenStore>> store =
      SqliteTokenStore::Open(**db, SystemClock(), {});
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::StatusOr<std::unique_ptr<Authenticator>> authenticator =
      Authenticator::Create(**store, SystemClock());
  ASSERT_TRUE(authenticator.ok()) << authenticator.status();

  const absl::StatusOr<NewToken> deploy = CreateDeployToken(**store);
  ASSERT_TRUE(deploy.ok()) << deploy.status();
  TokenSpec reader;
  reader.name = "dashboard";
  reader.scopes = Scope::kPublic;
  const absl::StatusOr<NewToken> dashboard = (*store)->Create(reader);
  ASSERT_TRUE(dashboard.ok()) << dashboard.status();

  // New tokens are known at once.
  EXPECT_EQ(StatusFor(**authenticator, deploy->value, Scope::kAdmin), 200);
  EXPECT_EQ(StatusFor(**authenticator, dashboard->value, Scope::kPublic), 200);
  EXPECT_EQ(StatusFor(**authenticator, dashboard->value, Scope::kAdmin), 403);
  EXPECT_EQ(StatusFor(**authenticator, Secret("tly_guess"), Scope::kPublic),
            401);

  // So are revoked ones.
  ASSERT_TRUE((*store)->Revoke(dashboard->token.id).ok());
  EXPECT_EQ(StatusFor(**authenticator, dashboard->value, Scope::kPublic), 401);
}

TEST(SecretExample, IsNotPrintedByAccident) {
  const Secret secret("tly_of_somebody");
  std::ostringstream log;
  log << "got " << secret;
  EXPECT_EQ(log.str(), "got ***");
  EXPECT_EQ(secret.Reveal(), "tly_of_somebody");     // To show it once.
  EXPECT_TRUE(secret == Secret("tly_of_somebody"));  // In constant time.
}

}  // namespace
}  // namespace tallyman::auth
