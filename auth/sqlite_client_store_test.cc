#include "auth/sqlite_client_store.h"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/authenticator.h"
#include "auth/fake_clock.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/testing/test_database.h"

namespace tallyman::auth {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'600'000'000);

class SqliteClientStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen(const SqliteClientStoreOptions& options = {},
              const SqliteTokenStoreOptions& token_options = {}) {
    authenticator_.reset();
    store_.reset();
    tokens_.reset();
    db_.Reopen();
    auto tokens = SqliteTokenStore::Open(*db_, clock_, token_options);
    ASSERT_TRUE(tokens.ok()) << tokens.status();
    tokens_ = *std::move(tokens);
    auto store = SqliteClientStore::Open(*db_, *tokens_, clock_, options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    auto authenticator = Authenticator::Create(*tokens_, clock_);
    ASSERT_TRUE(authenticator.ok()) << authenticator.status();
    authenticator_ = *std::move(authenticator);
  }

  NewOAuthClient Make(ScopeSet scopes = Scope::kPublic) {
    absl::StatusOr<NewOAuthClient> made =
        store_->Create({.name = "ci", .scopes = scopes});
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : NewOAuthClient();
  }

  NewToken Issue(const NewOAuthClient& client) {
    absl::StatusOr<NewToken> token =
        store_->IssueToken(client.client.id, Scope::kPublic);
    EXPECT_TRUE(token.ok()) << token.status();
    return token.ok() ? *std::move(token) : NewToken();
  }

  absl::Status Authenticate(std::string_view id, const Secret& secret) {
    return store_->Authenticate(id, secret).status();
  }

  bool IsAccepted(const NewToken& token) {
    return authenticator_->Authenticate(token.value).ok();
  }

  FakeClock clock_{kNow};
  storage::TestDatabase db_;
  std::unique_ptr<SqliteTokenStore> tokens_;
  std::unique_ptr<SqliteClientStore> store_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(SqliteClientStoreTest, AllFieldsSurviveReopening) {
  ScopeSet both = Scope::kPublic;
  both.Add(Scope::kAdmin);
  const auto made = store_->Create({.name = "caf\u00e9",
                                    .scopes = both,
                                    .hourly_limit = 7,
                                    .daily_limit = 8,
                                    .token_lifetime = absl::Seconds(90.9)});
  ASSERT_TRUE(made.ok()) << made.status();
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(store_->Revoke(Make().client.id).ok());
  Reopen();
  const std::vector<OAuthClient> clients = store_->List();
  ASSERT_EQ(clients.size(), 2u);
  EXPECT_EQ(clients[0].id, 1);
  EXPECT_EQ(clients[0].name, "caf\u00e9");
  EXPECT_EQ(clients[0].scopes, both);
  EXPECT_EQ(clients[0].hourly_limit, 7);
  EXPECT_EQ(clients[0].daily_limit, 8);
  EXPECT_EQ(clients[0].token_lifetime, absl::Seconds(90));
  EXPECT_EQ(clients[0].created_at, kNow);
  EXPECT_FALSE(clients[0].revoked_at.has_value());
  EXPECT_EQ(clients[1].revoked_at, kNow + absl::Seconds(5));
  EXPECT_TRUE(Authenticate("client-1", made->secret).ok());
}

TEST_F(SqliteClientStoreTest, OnlyTheHashOfASecretIsInTheFiles) {
  const NewOAuthClient made = Make();
  for (const std::string_view suffix : {"", "-wal"}) {
    std::ifstream file(absl::StrCat(db_.path(), suffix), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(bytes.find(made.secret.Reveal()), std::string::npos);
  }
}

TEST_F(SqliteClientStoreTest, RefusesInvalidSpecs) {
  const auto refuse = [&](OAuthClientSpec spec, std::string_view field) {
    const absl::Status status = store_->Create(spec).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(status.message(), HasSubstr(field));
  };
  const OAuthClientSpec good = {.name = "ci", .scopes = Scope::kPublic};
  OAuthClientSpec spec = good;
  spec.name = "";
  refuse(spec, "name");
  spec = good;
  spec.scopes = {};
  refuse(spec, "scopes");
  spec = good;
  spec.hourly_limit = 0;
  refuse(spec, "hourly_limit");
  spec = good;
  spec.daily_limit = -1;
  refuse(spec, "daily_limit");
  spec = good;
  for (const absl::Duration lifetime :
       {absl::Seconds(kMinTokenLifetimeSeconds) - absl::Milliseconds(1),
        absl::Seconds(kMaxTokenLifetimeSeconds + 1), -absl::InfiniteDuration(),
        absl::InfiniteDuration()}) {
    spec.token_lifetime = lifetime;
    refuse(spec, "token_lifetime");
  }
  EXPECT_TRUE(store_->List().empty());
}

TEST_F(SqliteClientStoreTest, OnlyTheRightSecretAuthenticates) {
  const NewOAuthClient made = Make();
  const NewOAuthClient other = Make();
  EXPECT_TRUE(Authenticate("client-1", made.secret).ok());
  std::string wrong(made.secret.Reveal());
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  const std::vector<std::pair<std::string, Secret>> bad = {
      {"client-1", Secret(wrong)},
      {"client-1", Secret()},
      {"client-1", other.secret},
      {"client-1", Secret(std::string(1 << 20, 'x'))},
      {"client-1", Secret(std::string(kClientSecretSize, '\0'))},
      {"client-9", made.secret},
      {"client-0", made.secret},
      {"client-01", made.secret},
      {"client--1", made.secret},
      {"client-", made.secret},
      {"1", made.secret},
      {"", made.secret}};
  std::string message;
  for (const auto& [id, secret] : bad) {
    const absl::Status status = Authenticate(id, secret);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << id;
    if (message.empty()) message = std::string(status.message());
    EXPECT_EQ(status.message(), message);
  }
}

TEST_F(SqliteClientStoreTest, TheDocumentedFormOfSecretsNeedsNoEncoding) {
  const Secret secret = *MakeClientSecret();
  EXPECT_EQ(secret.size(), kClientSecretSize);
  EXPECT_EQ(secret.Reveal().substr(0, 4), kClientSecretPrefix);
  EXPECT_EQ(secret.Reveal().find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                "0123456789-_"),
            std::string_view::npos);
}

TEST_F(SqliteClientStoreTest, ATokenLastsAtLeastTheLifetimeOfTheClient) {
  clock_.Advance(absl::Milliseconds(900));
  const auto made = store_->Create({.name = "ci",
                                    .scopes = Scope::kPublic,
                                    .hourly_limit = 5,
                                    .daily_limit = 6,
                                    .token_lifetime = absl::Minutes(2)});
  ASSERT_TRUE(made.ok()) << made.status();
  const NewToken token = Issue(*made);
  EXPECT_EQ(token.token.name, "ci");
  EXPECT_EQ(token.token.client_id, made->client.id);
  EXPECT_EQ(token.token.hourly_limit, 5);
  EXPECT_EQ(token.token.daily_limit, 6);
  EXPECT_EQ(token.token.expires_at, kNow + absl::Seconds(121));
  clock_.Advance(absl::Minutes(2));
  EXPECT_TRUE(IsAccepted(token));
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_FALSE(IsAccepted(token));
}

TEST_F(SqliteClientStoreTest, ScopesAreThoseOfTheClientOrFewer) {
  const int64_t reader = Make(Scope::kPublic).client.id;
  const int64_t admin = Make(Scope::kAdmin).client.id;
  EXPECT_EQ(store_->IssueToken(reader, Scope::kAdmin).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(store_->IssueToken(admin, Scope::kPublic)->token.scopes,
            ScopeSet(Scope::kPublic));
  EXPECT_EQ(store_->IssueToken(admin, Scope::kAdmin)->token.scopes,
            ScopeSet(Scope::kAdmin));
  EXPECT_EQ(store_->IssueToken(reader, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SqliteClientStoreTest, RevokingAClientRevokesItsTokensAndNoOthers) {
  const NewOAuthClient made = Make();
  const NewOAuthClient other = Make();
  const NewToken first = Issue(made);
  const NewToken second = Issue(made);
  const NewToken others = Issue(other);
  const NewToken plain =
      *tokens_->Create({.name = "root", .scopes = Scope::kAdmin});
  const auto revoked = store_->Revoke(made.client.id);
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_EQ(revoked->client.revoked_at, kNow);
  ASSERT_EQ(revoked->tokens.size(), 2);
  EXPECT_EQ(revoked->tokens[0].id, first.token.id);
  EXPECT_EQ(revoked->tokens[1].id, second.token.id);
  EXPECT_FALSE(IsAccepted(first));
  EXPECT_FALSE(IsAccepted(second));
  EXPECT_TRUE(IsAccepted(others));
  EXPECT_TRUE(IsAccepted(plain));
  EXPECT_EQ(Authenticate("client-1", made.secret).code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(store_->IssueToken(1, Scope::kPublic).status().code(),
            absl::StatusCode::kUnauthenticated);
  clock_.Advance(absl::Seconds(9));
  const auto again = store_->Revoke(1);
  EXPECT_EQ(again->client.revoked_at, kNow);
  EXPECT_TRUE(again->tokens.empty());
  EXPECT_EQ(store_->Revoke(99).status().code(), absl::StatusCode::kNotFound);
  Reopen();
  EXPECT_FALSE(IsAccepted(first));
  EXPECT_TRUE(IsAccepted(others));
  EXPECT_FALSE(Authenticate("client-1", made.secret).ok());
}

TEST_F(SqliteClientStoreTest, TokensOfClientsDoNotPileUp) {
  Reopen({}, {.max_tokens_per_client = 3});
  const NewOAuthClient made = Make();
  const NewOAuthClient other = Make();
  const NewToken kept = Issue(other);
  std::vector<NewToken> issued;
  for (int i = 0; i < 4; ++i) issued.push_back(Issue(made));
  EXPECT_FALSE(IsAccepted(issued[0]));  // The oldest.
  for (int i = 1; i < 4; ++i) EXPECT_TRUE(IsAccepted(issued[i])) << i;
  EXPECT_TRUE(IsAccepted(kept));
  EXPECT_EQ(tokens_->List()->size(), 4u);

  // Any client's next token removes those that are no longer valid, from the
  // file too.
  clock_.Advance(kDefaultTokenLifetime);
  const NewToken plain =
      *tokens_->Create({.name = "root", .scopes = Scope::kAdmin});
  EXPECT_EQ(tokens_->List()->size(), 5u);
  Issue(other);
  EXPECT_EQ(tokens_->List()->size(), 2u);
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM tokens"), 2);
  EXPECT_TRUE(IsAccepted(plain));
}

TEST_F(SqliteClientStoreTest, AFetchedTokenIsNotTheLastAdmin) {
  const NewToken root =
      *tokens_->Create({.name = "root", .scopes = Scope::kAdmin});
  const NewOAuthClient made = Make(Scope::kAdmin);
  const auto issued = store_->IssueToken(made.client.id, Scope::kAdmin);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(tokens_->Revoke(root.token.id).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(tokens_->Revoke(issued->token.id).ok());
  EXPECT_FALSE(HasValidAdmin({issued->token}, kNow));
}

TEST_F(SqliteClientStoreTest, ANewClientReplacesTheOneRevokedFirst) {
  Reopen({.max_clients = 2});
  Make();
  Make();
  EXPECT_EQ(
      store_->Create({.name = "ci", .scopes = Scope::kPublic}).status().code(),
      absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(store_->Revoke(2).ok());
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(store_->Revoke(1).ok());
  EXPECT_EQ(Make().client.id, 3);
  EXPECT_EQ(store_->Get(2).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(store_->Get(1).ok());
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM oauth_clients"), 2);
}

TEST_F(SqliteClientStoreTest, NamesAClientWithAnInvalidRow) {
  Make();
  db_.Execute("UPDATE oauth_clients SET scopes = 'root'");
  const absl::Status status =
      SqliteClientStore::Open(*db_, *tokens_, clock_, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("client 1 can't be read"));
}

TEST_F(SqliteClientStoreTest, AFailedWriteChangesNothing) {
  const NewOAuthClient made = Make();
  db_.Execute("DROP TABLE oauth_clients");
  EXPECT_FALSE(store_->Create({.name = "a", .scopes = Scope::kPublic}).ok());
  EXPECT_FALSE(store_->Revoke(made.client.id).ok());
  EXPECT_EQ(store_->List().size(), 1u);
  EXPECT_TRUE(Authenticate("client-1", made.secret).ok());
}

TEST_F(SqliteClientStoreTest, NoTokenSurvivesARevocationThatRunsBesideIt) {
  const NewOAuthClient made = Make();
  std::vector<NewToken> issued;
  std::thread issuer([&] {
    while (true) {
      absl::StatusOr<NewToken> token =
          store_->IssueToken(made.client.id, Scope::kPublic);
      if (!token.ok()) return;
      issued.push_back(*std::move(token));
    }
  });
  ASSERT_TRUE(store_->Revoke(made.client.id).ok());
  issuer.join();
  for (const NewToken& token : issued) EXPECT_FALSE(IsAccepted(token));
}

}  // namespace
}  // namespace tallyman::auth
