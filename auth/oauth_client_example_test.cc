// How to let a program fetch its own tokens; also checks that it works.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/oauth_client.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_client_store.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "storage/database.h"

namespace tallyman {
namespace {

TEST(OAuthClientExample, FetchesATokenAndUsesIt) {
  const platform::TempDirectory directory;
  const auth::Clock& clock = auth::SystemClock();
  const auto db =
      storage::Database::Open(absl::StrCat(directory.path(), "/auth.db"), {});
  ASSERT_TRUE(db.ok()) << db.status();
  const auto tokens = auth::SqliteTokenStore::Open(**db, clock, {});
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  const auto clients = auth::SqliteClientStore::Open(**db, **tokens, clock, {});
  ASSERT_TRUE(clients.ok()) << clients.status();
  const auto counts = auth::SqliteCountStore::Open(**db);
  ASSERT_TRUE(counts.ok()) << counts.status();
  const auto authenticator = auth::Authenticator::Create(**tokens, clock);
  ASSERT_TRUE(authenticator.ok()) << authenticator.status();
  const auto limiter = auth::RateLimiter::Create(**counts, clock, {});
  ASSERT_TRUE(limiter.ok()) << limiter.status();

  // The operator, once. Show the secret now: only its hash is kept.
  const auto made = (*clients)->Create(
      {.name = "deploy", .scopes = auth::Scope::kPublic, .hourly_limit = 100});
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string client_id = auth::PublicClientId(made->client.id);

  // The program, whenever it has no valid token.
  const auto client = (*clients)->Authenticate(client_id, made->secret);
  ASSERT_TRUE(client.ok()) << client.status();
  const auto token = (*clients)->IssueToken(client->id, client->scopes);
  ASSERT_TRUE(token.ok()) << token.status();

  // Each request with the token.
  const auto who = (*authenticator)->Authenticate(token->value);
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ((*limiter)->Admit(who->token()).remaining, 99);

  // The client and all its tokens end together.
  ASSERT_TRUE((*clients)->Revoke(client->id).ok());
  EXPECT_FALSE((*authenticator)->Authenticate(token->value).ok());
}

}  // namespace
}  // namespace tallyman
