#include "auth/authenticator.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/fake_clock.h"
#include "auth/secret.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/testing/test_database.h"

namespace tallyman::auth {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'600'000'000);
const TokenSpec kAdmin = {.name = "root", .scopes = Scope::kAdmin};
const TokenSpec kReader = {.name = "dashboard", .scopes = Scope::kPublic};

class AuthenticatorTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = SqliteTokenStore::Open(*db_, clock_, {});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    before_ = Make(kAdmin);
    auto authenticator = Authenticator::Create(*store_, clock_);
    ASSERT_TRUE(authenticator.ok()) << authenticator.status();
    authenticator_ = *std::move(authenticator);
  }

  NewToken Make(const TokenSpec& spec) {
    absl::StatusOr<NewToken> made = store_->Create(spec);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : NewToken();
  }

  // Expects kUnauthenticated with `why` in the message, and without the secret.
  void ExpectRefused(const Secret& presented, std::string_view why) {
    const absl::Status status =
        authenticator_->Authenticate(presented).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(why)));
    if (presented.size() > 4) {
      EXPECT_THAT(std::string(status.message()),
                  Not(HasSubstr(std::string(presented.Reveal().substr(4)))));
    }
  }

  FakeClock clock_{kNow};
  storage::TestDatabase db_;
  std::unique_ptr<SqliteTokenStore> store_;
  std::unique_ptr<Authenticator> authenticator_;
  NewToken before_;  // Older than the authenticator.
};

TEST_F(AuthenticatorTest, KnowsTokensFromBeforeAndAfterItsStart) {
  const NewToken after = Make(kReader);
  absl::StatusOr<Principal> who = authenticator_->Authenticate(before_.value);
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(who->token().id, before_.token.id);
  EXPECT_EQ(who->token().name, "root");
  who = authenticator_->Authenticate(after.value);
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(who->token().name, "dashboard");
}

TEST_F(AuthenticatorTest, RefusesMissingUnknownAndMangledTokens) {
  ExpectRefused(Secret(), "no token");
  ExpectRefused(Secret("x"), "unknown");
  ExpectRefused(*MakeTokenValue(), "unknown");
  std::string value(before_.value.Reveal());
  ExpectRefused(Secret(value + "x"), "unknown");
  ExpectRefused(Secret(value.substr(0, value.size() - 1)), "unknown");
  value.back() = value.back() == 'A' ? 'B' : 'A';
  ExpectRefused(Secret(value), "unknown");
  ExpectRefused(Secret(std::string(1 << 20, 'x')), "unknown");
  ExpectRefused(Secret(HashOf(before_.value.Reveal()).bytes()), "unknown");
}

TEST_F(AuthenticatorTest, RefusesARevokedTokenAtOnce) {
  const NewToken made = Make(kReader);
  absl::StatusOr<Principal> who = authenticator_->Authenticate(made.value);
  ASSERT_TRUE(who.ok()) << who.status();
  ASSERT_TRUE(store_->Revoke(made.token.id).ok());
  ExpectRefused(made.value, "revoked");
  EXPECT_EQ(who->token().name, "dashboard");  // A running request goes on.
}

TEST_F(AuthenticatorTest, ATokenWithExpiryEqualToNowIsExpired) {
  TokenSpec spec = kReader;
  spec.expires_at = kNow + absl::Seconds(10);
  const NewToken made = Make(spec);
  clock_.Advance(absl::Seconds(10) - absl::Nanoseconds(1));
  EXPECT_TRUE(authenticator_->Authenticate(made.value).ok());
  clock_.Advance(absl::Nanoseconds(1));
  ExpectRefused(made.value, "expired at 2020-09-13T12:26:50+00:00");
}

TEST_F(AuthenticatorTest, APrincipalIsValidUntilItsTokenIsRevokedOrExpires) {
  const NewToken revoked = Make(kReader);
  TokenSpec spec = kReader;
  spec.expires_at = kNow + absl::Seconds(10);
  const NewToken expiring = Make(spec);
  const Principal first = *authenticator_->Authenticate(revoked.value);
  const Principal second = *authenticator_->Authenticate(expiring.value);
  EXPECT_TRUE(authenticator_->IsStillValid(first));
  ASSERT_TRUE(store_->Revoke(revoked.token.id).ok());
  EXPECT_FALSE(authenticator_->IsStillValid(first));
  EXPECT_TRUE(authenticator_->IsStillValid(second));
  clock_.Advance(absl::Seconds(10));
  EXPECT_FALSE(authenticator_->IsStillValid(second));
}

TEST_F(AuthenticatorTest, AuthorizeNamesTheMissingScope) {
  const NewToken made = Make(kReader);
  const Principal reader = *authenticator_->Authenticate(made.value);
  EXPECT_TRUE(reader.Authorize(Scope::kPublic).ok());
  const absl::Status status = reader.Authorize(Scope::kAdmin);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("the scope \"admin\""), HasSubstr("has \"public\"")));
  const Principal admin = *authenticator_->Authenticate(before_.value);
  EXPECT_TRUE(admin.Authorize(Scope::kPublic).ok());
  EXPECT_TRUE(admin.Authorize(Scope::kAdmin).ok());
}

TEST_F(AuthenticatorTest, AuthenticatesDuringChanges) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        EXPECT_TRUE(authenticator_->Authenticate(before_.value).ok());
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    const NewToken made = Make(kReader);
    EXPECT_TRUE(authenticator_->Authenticate(made.value).ok());
    EXPECT_TRUE(store_->Revoke(made.token.id).ok());
    EXPECT_FALSE(authenticator_->Authenticate(made.value).ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

// A store whose snapshots and status the test sets.
class FakeTokenStore final : public TokenStore {
 public:
  absl::StatusOr<NewToken> Create(const TokenSpec&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::vector<Token>> List() override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<Token> Revoke(int64_t) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::vector<Token>> RevokeTokensOfClient(int64_t) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::unique_ptr<TokenWatch>> Watch(Watcher watcher) override {
    if (!status.ok()) return status;
    report = std::move(watcher);
    report({});
    return std::make_unique<TokenWatch>();
  }

  absl::Status status;
  Watcher report;
};

TEST(AuthenticatorStoreTest, AnOlderSnapshotDoesNotReplaceANewerOne) {
  FakeClock clock(kNow);
  FakeTokenStore store;
  auto authenticator = Authenticator::Create(store, clock);
  ASSERT_TRUE(authenticator.ok()) << authenticator.status();
  const Secret value = *MakeTokenValue();
  auto record = std::make_shared<TokenRecord>();
  record->hash = HashOf(value.Reveal());
  store.report({.revision = 5, .records = {record}});
  store.report({.revision = 4, .records = {}});
  EXPECT_TRUE((*authenticator)->Authenticate(value).ok());
  store.report({.revision = 6, .records = {}});
  EXPECT_FALSE((*authenticator)->Authenticate(value).ok());
}

TEST(AuthenticatorStoreTest, FailsIfTheStoreCannotBeRead) {
  FakeClock clock(kNow);
  FakeTokenStore store;
  store.status = absl::UnavailableError("gone");
  EXPECT_EQ(Authenticator::Create(store, clock).status(), store.status);
}

}  // namespace
}  // namespace tallyman::auth
