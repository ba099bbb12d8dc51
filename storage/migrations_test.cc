#include "storage/migrations.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/testing/temp_directory.h"

namespace tallyman::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Migration kCreate = {.name = "create pets",
                               .sql =
                                   "CREATE TABLE pets (name TEXT) STRICT;"
                                   "INSERT INTO pets VALUES ('Rex')"};
constexpr Migration kOwners = {.name = "pets have owners",
                               .sql = "ALTER TABLE pets ADD COLUMN owner TEXT"};
constexpr Migration kBroken = {
    .name = "broken",
    .sql = "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)"};
constexpr Migration kFailingCode = {
    .name = "failing code", .sql = "CREATE TABLE half (x)", .code = [](auto&) {
      return absl::DataLossError("no");
    }};

class MigrationsTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Database>> db =
        Database::Open(absl::StrCat(directory_.path(), "/test.db"), {});
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
  }

  // The first column of the first row, -1 for an error.
  int64_t Number(std::string_view sql) {
    int64_t number = -1;
    db_->Read([&](Connection& c) -> absl::Status {
         absl::StatusOr<Statement> rows = c.Prepare(sql);
         if (!rows.ok()) return rows.status();
         if (rows->Step().value_or(false)) number = rows->Int64(0);
         return absl::OkStatus();
       })
        .IgnoreError();
    return number;
  }

  TempDirectory directory_;
  std::unique_ptr<Database> db_;
};

TEST_F(MigrationsTest, RunsEachOnceAndInOrder) {
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate}).ok());
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate}).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM pets"), 1);
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM pets WHERE owner IS NULL"), 1);
  EXPECT_EQ(Number("SELECT max(version) FROM schema_versions"), 2);
}

TEST_F(MigrationsTest, ComponentsHaveVersionsOfTheirOwn) {
  constexpr Migration kOther = {.name = "create birds",
                                .sql = "CREATE TABLE birds (x)"};
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
  ASSERT_TRUE(Migrate(*db_, "aviary", {kOther}).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM birds"), 0);
}

TEST_F(MigrationsTest, AFailureLeavesNothingOfItBehind) {
  const absl::Status status = Migrate(*db_, "zoo", {kCreate, kBroken, kOwners});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"zoo\" to version 2 (broken)"),
                    HasSubstr("nowhere"), HasSubstr(db_->path())));
  EXPECT_EQ(Number("SELECT count(*) FROM pets"), 1);
  EXPECT_EQ(Number("SELECT count(*) FROM half"), -1);
  EXPECT_EQ(Number("SELECT max(version) FROM schema_versions"), 1);
  EXPECT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
}

TEST_F(MigrationsTest, FailingCodeTakesItsSqlBack) {
  const absl::Status status = Migrate(*db_, "zoo", {kFailingCode});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Number("SELECT count(*) FROM half"), -1);
  EXPECT_EQ(Number("SELECT count(*) FROM schema_versions"), 0);
}

TEST_F(MigrationsTest, CodeRunsAfterItsSql) {
  constexpr Migration kWithCode = {
      .name = "with code",
      .sql = "CREATE TABLE pets (name TEXT)",
      .code = [](Connection& c) {
        return c.Execute("INSERT INTO pets VALUES ('Tom'), ('Ann')");
      }};
  ASSERT_TRUE(Migrate(*db_, "zoo", {kWithCode}).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM pets"), 2);
}

TEST_F(MigrationsTest, ADatabaseOfANewerProgramIsRefused) {
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
  const absl::Status status = Migrate(*db_, "zoo", {kCreate});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(db_->path()), HasSubstr("at version 2"),
                    HasSubstr("knows 1"), HasSubstr("newer")));
}

TEST_F(MigrationsTest, ADifferentHistoryIsRefused) {
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate}).ok());
  const absl::Status status = Migrate(*db_, "zoo", {kOwners});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("create pets"), HasSubstr("pets have owners")));
}

}  // namespace
}  // namespace tallyman::storage
