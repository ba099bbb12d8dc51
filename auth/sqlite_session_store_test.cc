#include "auth/sqlite_session_store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/authenticator.h"
#include "auth/fake_clock.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/connection.h"
#include "storage/testing/test_database.h"

namespace tallyman::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'600'000'000);

std::vector<int64_t> IdsOf(const std::vector<Session>& sessions) {
  std::vector<int64_t> ids;
  ids.reserve(sessions.size());
  for (const Session& session : sessions) ids.push_back(session.id);
  return ids;
}

class SqliteSessionStoreTest : public testing::Test {
 protected:
  SqliteSessionStoreTest() { Reopen(); }

  void Reopen(const SessionLimits& limits = {}) {
    authenticator_.reset();
    sessions_.reset();
    tokens_.reset();
    db_.Reopen();
    auto tokens = SqliteTokenStore::Open(*db_, clock_, {});
    CHECK_OK(tokens);
    tokens_ = *std::move(tokens);
    SqliteSessionStoreOptions options;
    options.limits = limits;
    // Flush() writes, so that no test depends on the thread's time.
    options.write_interval = absl::Hours(1);
    auto sessions = SqliteSessionStore::Open(*db_, *tokens_, clock_, options);
    CHECK_OK(sessions);
    sessions_ = *std::move(sessions);
    auto authenticator =
        Authenticator::Create(*tokens_, clock_, &sessions_->index());
    CHECK_OK(authenticator);
    authenticator_ = *std::move(authenticator);
  }

  int64_t NewToken(std::optional<absl::Time> expires_at = std::nullopt) {
    const auto made = tokens_->Create(
        {.name = "deploy", .scopes = Scope::kPublic, .expires_at = expires_at});
    CHECK_OK(made);
    return made->token.id;
  }

  NewSession SignIn(int64_t token_id) {
    absl::StatusOr<NewSession> made = sessions_->Create(token_id, {});
    CHECK_OK(made);
    return *std::move(made);
  }

  absl::StatusOr<Principal> Use(const NewSession& session) {
    return authenticator_->AuthenticateSession(session.cookie, session.key);
  }

  int64_t Rows(std::string_view where = "1") {
    return storage::ReadInt64(
        *db_, absl::StrCat("SELECT count(*) FROM sessions WHERE ", where));
  }

  FakeClock clock_{kNow};
  storage::TestDatabase db_;
  std::unique_ptr<SqliteTokenStore> tokens_;
  std::unique_ptr<SqliteSessionStore> sessions_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(SqliteSessionStoreTest, BothValuesStandInForTheToken) {
  const int64_t token = NewToken();
  const NewSession made = SignIn(token);
  EXPECT_EQ(made.cookie.size(), kSessionValueSize);
  EXPECT_EQ(made.key.size(), kSessionValueSize);
  EXPECT_FALSE(made.cookie == made.key);
  const auto who = Use(made);
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(who->token().id, token);
  EXPECT_EQ(who->session_id(), made.session.id);
  EXPECT_EQ(who->quota().hourly_limit, 36'000);
  EXPECT_NE(who->quota().owner, QuotaOf(who->token()).owner);
}

TEST_F(SqliteSessionStoreTest, OneValueIsNotEnough) {
  const int64_t token = NewToken();
  const NewSession made = SignIn(token);
  const NewSession other = SignIn(token);
  const auto fails_with = [&](const Secret& cookie, const Secret& key) {
    const absl::Status status =
        authenticator_->AuthenticateSession(cookie, key).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(fails_with(Secret(), made.key), HasSubstr("unknown"));
  EXPECT_THAT(fails_with(made.cookie, Secret()), HasSubstr("unknown"));
  EXPECT_THAT(fails_with(made.key, made.cookie), HasSubstr("unknown"));
  EXPECT_THAT(fails_with(other.cookie, made.key),
              HasSubstr("different sessions"));
  EXPECT_THAT(fails_with(made.key, made.key), HasSubstr("different sessions"));
}

TEST_F(SqliteSessionStoreTest, TheTabsOfABrowserShareItsCookie) {
  const int64_t token = NewToken();
  const NewSession first = SignIn(token);
  const auto second = sessions_->Create(NewToken(), {}, first.cookie);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->cookie, first.cookie);
  EXPECT_FALSE(second->key == first.key);
  EXPECT_TRUE(Use(first).ok());
  EXPECT_TRUE(Use(*second).ok());
  ASSERT_TRUE(sessions_->End(first.session.id).ok());
  EXPECT_FALSE(Use(first).ok());
  EXPECT_TRUE(Use(*second).ok());
  EXPECT_TRUE(sessions_->index().HasCookie(first.cookie));
  ASSERT_TRUE(sessions_->End(second->session.id).ok());
  EXPECT_FALSE(sessions_->index().HasCookie(first.cookie));
  // Nobody can choose a cookie.
  const auto third = sessions_->Create(token, {}, first.cookie);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_FALSE(third->cookie == first.cookie);
}

TEST_F(SqliteSessionStoreTest, OnlyHashesAreKept) {
  const NewSession made = SignIn(NewToken());
  for (const Secret* const value : {&made.cookie, &made.key}) {
    for (const std::string_view column : {"cookie_hash", "key_hash"}) {
      EXPECT_EQ(Rows(absl::StrCat("instr(", column, ", '", value->Reveal(),
                                  "') > 0")),
                0);
    }
  }
  EXPECT_EQ(Rows("length(cookie_hash) = 32 AND length(key_hash) = 32"), 1);
}

TEST_F(SqliteSessionStoreTest, EndsWhenIdle) {
  const NewSession made = SignIn(NewToken());
  EXPECT_EQ(made.session.idle_expires_at, kNow + absl::Hours(24));
  clock_.Advance(absl::Hours(24) - absl::Seconds(1));
  const auto who = Use(made);  // Begins another 24 hours.
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(sessions_->List()[0].last_used_at, clock_.Now());
  EXPECT_EQ(sessions_->List()[0].idle_expires_at,
            clock_.Now() + absl::Hours(24));
  clock_.Advance(absl::Hours(24));
  EXPECT_THAT(std::string(Use(made).status().message()), HasSubstr("not used"));
  EXPECT_FALSE(authenticator_->IsStillValid(*who));
  EXPECT_THAT(sessions_->List(), IsEmpty());
}

TEST_F(SqliteSessionStoreTest, AStreamUsesItsSession) {
  const NewSession made = SignIn(NewToken());
  const auto who = Use(made);
  ASSERT_TRUE(who.ok()) << who.status();
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Hours(23));
    EXPECT_TRUE(authenticator_->IsStillValid(*who));
  }
}

TEST_F(SqliteSessionStoreTest, EndsThirtyDaysAfterTheSignIn) {
  const NewSession made = SignIn(NewToken());
  EXPECT_EQ(made.session.expires_at, kNow + absl::Hours(24 * 30));
  for (int half_days = 1; half_days < 60; ++half_days) {
    clock_.Advance(absl::Hours(12));
    ASSERT_TRUE(Use(made).ok()) << half_days;
  }
  clock_.SetWall(kNow + absl::Hours(24 * 30) - absl::Nanoseconds(1));
  const auto who = Use(made);
  ASSERT_TRUE(who.ok()) << who.status();
  clock_.SetWall(kNow + absl::Hours(24 * 30));
  EXPECT_FALSE(authenticator_->IsStillValid(*who));
  EXPECT_FALSE(Use(made).ok());
}

TEST_F(SqliteSessionStoreTest, EndsWithItsToken) {
  const NewSession expiring = SignIn(NewToken(kNow + absl::Hours(1)));
  EXPECT_EQ(expiring.session.expires_at, kNow + absl::Hours(1));
  const int64_t token = NewToken();
  const NewSession revoked = SignIn(token);
  const auto who = Use(revoked);
  ASSERT_TRUE(who.ok()) << who.status();
  ASSERT_TRUE(tokens_->Revoke(token).ok());
  EXPECT_FALSE(authenticator_->IsStillValid(*who));
  EXPECT_FALSE(Use(revoked).ok());
  EXPECT_EQ(sessions_->Create(token, {}).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(IdsOf(sessions_->List()), ElementsAre(expiring.session.id));
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(Use(expiring).ok());
  ASSERT_TRUE(sessions_->Flush().ok());
  EXPECT_EQ(Rows(), 0);
}

TEST_F(SqliteSessionStoreTest, EndEndsOneOrAllOfAToken) {
  const int64_t token = NewToken();
  const NewSession one = SignIn(token);
  const NewSession two = SignIn(token);
  const NewSession other = SignIn(NewToken());
  const auto who = Use(one);
  ASSERT_TRUE(who.ok()) << who.status();
  const auto ended = sessions_->End(one.session.id);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->token.id, token);
  EXPECT_FALSE(authenticator_->IsStillValid(*who));
  EXPECT_FALSE(Use(one).ok());
  EXPECT_TRUE(Use(two).ok());
  EXPECT_TRUE(absl::IsNotFound(sessions_->End(one.session.id).status()));
  const auto all = sessions_->EndAllOfToken(token);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(IdsOf(*all), ElementsAre(two.session.id));
  EXPECT_THAT(IdsOf(sessions_->List()), ElementsAre(other.session.id));
  EXPECT_THAT(sessions_->List(token), IsEmpty());
  EXPECT_EQ(Rows(), 1);
}

TEST_F(SqliteSessionStoreTest, ARestartKeepsSessionsAndTheirUses) {
  const int64_t token = NewToken();
  const absl::StatusOr<NewSession> made =
      sessions_->Create(token, {"Browser\n\xff", "192.0.2.1"});
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string label = sessions_->label();
  EXPECT_EQ(label.size(), 8u);
  clock_.Advance(absl::Hours(23));
  ASSERT_TRUE(Use(*made).ok());
  Reopen();
  EXPECT_EQ(sessions_->label(), label);
  const Session session = sessions_->List().at(0);
  EXPECT_EQ(session.id, made->session.id);
  EXPECT_EQ(session.token.name, "deploy");
  EXPECT_EQ(session.created_at, kNow);
  EXPECT_EQ(session.last_used_at, kNow + absl::Hours(23));
  EXPECT_EQ(session.origin.user_agent, "Browser\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(session.origin.address, "192.0.2.1");
  clock_.Advance(absl::Hours(23));
  EXPECT_TRUE(Use(*made).ok());
}

TEST_F(SqliteSessionStoreTest, SessionsOfATokenThatEndedWhileDownStayEnded) {
  const NewSession made = SignIn(NewToken());
  sessions_.reset();
  storage::Execute(*db_, "UPDATE tokens SET revoked_at = 1");
  authenticator_.reset();
  Reopen();
  EXPECT_FALSE(Use(made).ok());
  ASSERT_TRUE(sessions_->Flush().ok());
  EXPECT_EQ(Rows(), 0);
}

TEST_F(SqliteSessionStoreTest, UsesAreWrittenBehind) {
  const NewSession made = SignIn(NewToken());
  ASSERT_TRUE(sessions_->Flush().ok());
  clock_.Advance(absl::Minutes(5));
  ASSERT_TRUE(Use(made).ok());
  ASSERT_TRUE(sessions_->Flush().ok());
  EXPECT_EQ(Rows("last_used_at = 1600000300"), 1);
}

TEST_F(SqliteSessionStoreTest, TheLeastRecentlyUsedMakesRoom) {
  SessionLimits limits;
  limits.max_per_token = 2;
  limits.max_in_all = 3;
  Reopen(limits);
  const int64_t token = NewToken();
  const NewSession one = SignIn(token);
  const NewSession two = SignIn(token);
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(Use(one).ok());
  clock_.Advance(absl::Seconds(1));
  const NewSession three = SignIn(token);
  EXPECT_THAT(IdsOf(three.replaced), ElementsAre(two.session.id));
  EXPECT_FALSE(Use(two).ok());
  const int64_t other = NewToken();
  const NewSession four = SignIn(other);
  EXPECT_THAT(four.replaced, IsEmpty());
  const NewSession five = SignIn(other);
  EXPECT_THAT(IdsOf(five.replaced), ElementsAre(one.session.id));
  EXPECT_THAT(IdsOf(sessions_->List()),
              ElementsAre(three.session.id, four.session.id, five.session.id));
  EXPECT_EQ(Rows(), 3);
}

TEST_F(SqliteSessionStoreTest, ALongUserAgentIsCut) {
  const absl::StatusOr<NewSession> made =
      sessions_->Create(NewToken(), {std::string(5000, 'x'), ""});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->session.origin.user_agent.size(), kMaxUserAgentBytes);
}

TEST_F(SqliteSessionStoreTest, SessionsOfAClientsTokensShareTheirQuota) {
  const auto quota_of = [](std::optional<int64_t> client) {
    Token token;
    token.id = 7;
    token.client_id = client;
    return SessionQuotaOf(token).owner;
  };
  EXPECT_GT(quota_of(std::nullopt), 0);
  EXPECT_LT(quota_of(7), 0);
  EXPECT_NE(quota_of(7), quota_of(8));
}

}  // namespace
}  // namespace tallyman::auth
