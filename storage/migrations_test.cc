#include "storage/migrations.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/connection.h"
#include "storage/testing/test_database.h"

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
  bool HasTable(const std::string& name) const {
    return db_.ReadInt64(
               absl::StrCat("SELECT count(*) FROM sqlite_schema WHERE name = '",
                            name, "'")) == 1;
  }

  TestDatabase db_;
};

TEST_F(MigrationsTest, RunsEachOnceAndInOrder) {
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate}).ok());
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate}).ok());
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM pets"), 1);
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM pets WHERE owner IS NULL"), 1);
  EXPECT_EQ(db_.ReadInt64("SELECT max(version) FROM schema_versions"), 2);
}

TEST_F(MigrationsTest, EachComponentHasItsOwnVersion) {
  constexpr Migration kOther = {.name = "create birds",
                                .sql = "CREATE TABLE birds (x)"};
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
  ASSERT_TRUE(Migrate(*db_, "aviary", {kOther}).ok());
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM birds"), 0);
}

TEST_F(MigrationsTest, AFailedMigrationLeavesNoTrace) {
  const absl::Status status = Migrate(*db_, "zoo", {kCreate, kBroken, kOwners});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"zoo\" to version 2 (broken)"),
                    HasSubstr("nowhere"), HasSubstr(db_->path())));
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM pets"), 1);
  EXPECT_FALSE(HasTable("half"));
  EXPECT_EQ(db_.ReadInt64("SELECT max(version) FROM schema_versions"), 1);
  EXPECT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
}

TEST_F(MigrationsTest, FailingCodeRollsBackItsSql) {
  const absl::Status status = Migrate(*db_, "zoo", {kFailingCode});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(HasTable("half"));
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM schema_versions"), 0);
}

TEST_F(MigrationsTest, CodeRunsAfterItsSql) {
  constexpr Migration kWithCode = {
      .name = "with code",
      .sql = "CREATE TABLE pets (name TEXT)",
      .code = [](Connection& c) {
        return c.Execute("INSERT INTO pets VALUES ('Tom'), ('Ann')");
      }};
  ASSERT_TRUE(Migrate(*db_, "zoo", {kWithCode}).ok());
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM pets"), 2);
}

TEST_F(MigrationsTest, RefusesADatabaseOfANewerProgram) {
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate, kOwners}).ok());
  const absl::Status status = Migrate(*db_, "zoo", {kCreate});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(db_->path()), HasSubstr("at version 2"),
                    HasSubstr("knows 1"), HasSubstr("newer")));
}

TEST_F(MigrationsTest, RefusesADifferentHistory) {
  ASSERT_TRUE(Migrate(*db_, "zoo", {kCreate}).ok());
  const absl::Status status = Migrate(*db_, "zoo", {kOwners});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("create pets"), HasSubstr("pets have owners")));
}

}  // namespace
}  // namespace tallyman::storage
