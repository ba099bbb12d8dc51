#include "auth/sqlite_token_store.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/fake_clock.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/testing/test_database.h"

namespace tallyman::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'600'000'000);

class SqliteTokenStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen(const SqliteTokenStoreOptions& options = {}) {
    store_.reset();
    db_.Reopen();
    auto store = SqliteTokenStore::Open(*db_, clock_, options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  NewToken Make(const TokenSpec& spec) {
    absl::StatusOr<NewToken> made = store_->Create(spec);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : NewToken();
  }

  std::vector<int64_t> Ids() {
    std::vector<int64_t> ids;
    const absl::StatusOr<std::vector<Token>> tokens = store_->List();
    for (const Token& token : *tokens) ids.push_back(token.id);
    return ids;
  }

  FakeClock clock_{kNow};
  storage::TestDatabase db_;
  std::unique_ptr<SqliteTokenStore> store_;
};

const TokenSpec kAdmin = {.name = "root", .scopes = Scope::kAdmin};
const TokenSpec kReader = {.name = "dashboard", .scopes = Scope::kPublic};

TEST_F(SqliteTokenStoreTest, AllFieldsSurviveReopening) {
  clock_.Advance(absl::Milliseconds(700));
  TokenSpec spec = {.name = "Größe 語",
                    .scopes = ScopeSet(Scope::kAdmin).Add(Scope::kPublic),
                    .expires_at = kNow + absl::Milliseconds(5600),
                    .hourly_limit = 7,
                    .daily_limit = 70};
  const NewToken made = Make(spec);
  EXPECT_EQ(made.value.size(), kTokenValueSize);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    absl::StatusOr<std::vector<Token>> tokens = store_->List();
    ASSERT_TRUE(tokens.ok()) << tokens.status();
    ASSERT_EQ(tokens->size(), 1u);
    const Token& token = tokens->front();
    EXPECT_EQ(token.id, made.token.id);
    EXPECT_EQ(token.name, spec.name);
    EXPECT_EQ(token.scopes, spec.scopes);
    EXPECT_EQ(token.created_at, kNow);
    EXPECT_EQ(token.expires_at, kNow + absl::Seconds(5));
    EXPECT_EQ(token.revoked_at, std::nullopt);
    EXPECT_EQ(token.hourly_limit, 7);
    EXPECT_EQ(token.daily_limit, 70);
  }
}

TEST_F(SqliteTokenStoreTest, OnlyTheHashIsInTheFiles) {
  const NewToken made = Make(kAdmin);
  std::string all;
  for (const char* suffix : {"", "-wal"}) {
    std::ifstream file(absl::StrCat(db_.path(), suffix), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  const TokenHash hash = HashOf(made.value.Reveal());
  EXPECT_NE(all.find(hash.bytes()), std::string::npos);
  EXPECT_EQ(all.find(made.value.Reveal()), std::string::npos);
  EXPECT_EQ(all.find(made.value.Reveal().substr(4)), std::string::npos);
}

TEST_F(SqliteTokenStoreTest, RefusesInvalidSpecs) {
  EXPECT_EQ(store_->Create({.name = "x"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Ids(), ElementsAre());
}

TEST_F(SqliteTokenStoreTest, RevokingIsDurableAndKeepsTheFirstTime) {
  Make(kAdmin);
  const int64_t id = Make(kReader).token.id;
  clock_.Advance(absl::Seconds(1));
  absl::StatusOr<Token> revoked = store_->Revoke(id);
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_EQ(revoked->revoked_at, kNow + absl::Seconds(1));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(store_->Revoke(id)->revoked_at, kNow + absl::Seconds(1));
  Reopen();
  EXPECT_EQ(store_->List()->at(1).revoked_at, kNow + absl::Seconds(1));
}

TEST_F(SqliteTokenStoreTest, RevokingAnUnknownTokenIsNotFound) {
  const absl::Status status = store_->Revoke(99).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("99"));
}

TEST_F(SqliteTokenStoreTest, TheLastValidAdminCannotBeRevoked) {
  const int64_t first = Make(kAdmin).token.id;
  Make(kReader);
  TokenSpec brief = kAdmin;
  brief.expires_at = kNow + absl::Seconds(10);
  const int64_t second = Make(brief).token.id;

  clock_.Advance(absl::Seconds(10));  // The second one expires.
  const absl::Status status = store_->Revoke(first).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("make another admin token first"));
  EXPECT_TRUE(store_->Revoke(second).ok());

  Make(kAdmin);
  EXPECT_TRUE(store_->Revoke(first).ok());
}

TEST_F(SqliteTokenStoreTest, ANewTokenReplacesTheOneThatEndedFirst) {
  Reopen({.max_tokens = 3});
  const int64_t admin = Make(kAdmin).token.id;
  TokenSpec brief = kReader;
  brief.expires_at = kNow + absl::Seconds(60);
  const int64_t expired = Make(brief).token.id;
  const int64_t revoked = Make(kReader).token.id;

  const absl::Status full = store_->Create(kReader).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(full.message()), HasSubstr("3 valid tokens"));

  ASSERT_TRUE(store_->Revoke(revoked).ok());
  clock_.Advance(absl::Seconds(60));
  const int64_t next = Make(kReader).token.id;
  EXPECT_THAT(Ids(), ElementsAre(admin, expired, next));
  Reopen({.max_tokens = 3});
  EXPECT_THAT(Ids(), ElementsAre(admin, expired, next));
  EXPECT_GT(next, revoked);
}

TEST_F(SqliteTokenStoreTest, IdsAreNeverReused) {
  Reopen({.max_tokens = 2});
  Make(kAdmin);
  const int64_t second = Make(kReader).token.id;
  ASSERT_TRUE(store_->Revoke(second).ok());
  const int64_t third = Make(kReader).token.id;
  ASSERT_TRUE(store_->Revoke(third).ok());
  Reopen({.max_tokens = 2});
  EXPECT_GT(Make(kReader).token.id, third);
}

TEST_F(SqliteTokenStoreTest, WatchersAreCalledAtTheStartAndAfterEveryChange) {
  const int64_t admin = Make(kAdmin).token.id;
  std::vector<size_t> sizes;
  int64_t revision = 0;
  bool last_revoked = false;
  absl::StatusOr<std::unique_ptr<TokenWatch>> watch =
      store_->Watch([&](const TokenSnapshot& snapshot) {
        EXPECT_GT(snapshot.revision, revision);
        revision = snapshot.revision;
        sizes.push_back(snapshot.records.size());
        last_revoked = snapshot.records.back()->token.revoked_at.has_value();
      });
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_THAT(sizes, ElementsAre(1));
  const int64_t reader = Make(kReader).token.id;
  EXPECT_THAT(sizes, ElementsAre(1, 2));
  ASSERT_TRUE(store_->Revoke(reader).ok());
  EXPECT_THAT(sizes, ElementsAre(1, 2, 2));
  EXPECT_TRUE(last_revoked);

  EXPECT_FALSE(store_->Revoke(admin).ok());  // Refused.
  EXPECT_TRUE(store_->Revoke(reader).ok());  // Already revoked.
  EXPECT_THAT(sizes, ElementsAre(1, 2, 2));

  watch->reset();
  Make(kReader);
  EXPECT_THAT(sizes, ElementsAre(1, 2, 2));
}

TEST_F(SqliteTokenStoreTest, AFailedWriteChangesNothing) {
  Make(kAdmin);
  int calls = 0;
  auto watch = store_->Watch([&](const TokenSnapshot&) { ++calls; });
  db_.Execute("DROP TABLE tokens");
  EXPECT_FALSE(store_->Create(kReader).ok());
  EXPECT_EQ(Ids().size(), 1u);
  EXPECT_EQ(calls, 1);
}

TEST_F(SqliteTokenStoreTest, NamesATokenWithAnInvalidRow) {
  Make(kAdmin);
  db_.Execute("UPDATE tokens SET scopes = 'galactic'");
  const absl::Status status = SqliteTokenStore::Open(*db_, clock_, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(HasSubstr("token 1 "), HasSubstr("galactic")));
}

TEST_F(SqliteTokenStoreTest, ManyThreadsCreateAndRevoke) {
  Make(kAdmin);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 5; ++j) {
        const NewToken made = Make(kReader);
        EXPECT_TRUE(store_->Revoke(made.token.id).ok());
        EXPECT_GT(store_->List()->size(), 1u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Ids().size(), 21u);
  const std::vector<int64_t> ids = Ids();
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  Reopen();
  EXPECT_EQ(Ids(), ids);
}

}  // namespace
}  // namespace tallyman::auth
