// How to let a person sign in once, and recognise them from then on; also
// checks that it works.

#include <optional>

#include "absl/strings/str_cat.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/session.h"
#include "auth/sign_in_code.h"
#include "auth/sqlite_session_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "storage/database.h"

namespace tallyman {
namespace {

TEST(SessionExample, SignsInByCodeAndOut) {
  const platform::TempDirectory directory;
  const auth::Clock& clock = auth::SystemClock();
  const auto db =
      storage::Database::Open(absl::StrCat(directory.path(), "/auth.db"), {});
  ASSERT_TRUE(db.ok()) << db.status();
  const auto tokens = auth::SqliteTokenStore::Open(**db, clock, {});
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  const auto sessions =
      auth::SqliteSessionStore::Open(**db, **tokens, clock, {});
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  const auto authenticator =
      auth::Authenticator::Create(**tokens, clock, &(*sessions)->index());
  ASSERT_TRUE(authenticator.ok()) << authenticator.status();

  // At the start of the program: show the code to the operator.
  const auto token =
      (*tokens)->Create({.name = "admin", .scopes = auth::Scope::kAdmin});
  ASSERT_TRUE(token.ok()) << token.status();
  const auto code = auth::SignInCode::Create(token->token.id, clock);
  ASSERT_TRUE(code.ok()) << code.status();
  const auth::Secret shown = (*code)->TakeValue();

  // The operator signs in. Hand the two values out now: only their hashes are
  // kept.
  const std::optional<int64_t> token_id = (*code)->Redeem(shown);
  ASSERT_TRUE(token_id.has_value());
  const auto made = (*sessions)->Create(*token_id, {});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*code)->Redeem(shown), std::nullopt);  // Once only.

  // Each request has both values.
  const auto who =
      (*authenticator)->AuthenticateSession(made->cookie, made->key);
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(who->token().name, "admin");

  // The operator signs out.
  ASSERT_TRUE((*sessions)->End(who->session_id()).ok());
  EXPECT_FALSE((*authenticator)->IsStillValid(*who));
}

}  // namespace
}  // namespace tallyman
