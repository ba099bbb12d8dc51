#include "storage/connection.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/storage_error.h"
#include "storage/testing/test_database.h"

namespace tallyman::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A database with the empty table t (id, value).
class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    db_.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value ANY)");
  }

  TestDatabase db_;
};

TEST_F(ConnectionTest, EveryTypeIsReadAsItWasBound) {
  const std::string bytes("\0\xff text", 7);
  const absl::Status status = db_->Write([&](Connection& c) -> absl::Status {
    absl::StatusOr<Statement> row =
        c.Prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, typeof(?3)");
    if (!row.ok()) return row.status();
    row->Bind(1, std::numeric_limits<int64_t>::min())
        .Bind(2, 0.25)
        .Bind(3, "grüß")
        .Bind(4, Blob{bytes})
        .Bind(5, std::nullopt)
        .Bind(6, std::optional<int64_t>(5))
        .Bind(7, std::optional<int64_t>())
        .Bind(8, std::string_view());
    absl::StatusOr<bool> step = row->Step();
    if (!step.ok()) return step.status();
    EXPECT_TRUE(*step);
    EXPECT_EQ(row->Int64(0), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(row->Double(1), 0.25);
    EXPECT_EQ(row->Text(2), "grüß");
    EXPECT_EQ(row->Bytes(3), bytes);
    EXPECT_TRUE(row->IsNull(4));
    EXPECT_EQ(row->OptionalInt64(5), 5);
    EXPECT_EQ(row->OptionalInt64(6), std::nullopt);
    EXPECT_FALSE(row->IsNull(7));
    EXPECT_EQ(row->Text(7), "");
    EXPECT_EQ(row->Text(8), "text");
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(ConnectionTest, AReusedStatementHasNoBindings) {
  const absl::Status status = db_->Read([](Connection& c) -> absl::Status {
    for (const bool bound : {true, false}) {
      absl::StatusOr<Statement> row = c.Prepare("SELECT ?1");
      if (!row.ok()) return row.status();
      if (bound) row->Bind(1, 1);
      EXPECT_TRUE(row->Step().value());
      EXPECT_EQ(row->IsNull(0), !bound);
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(ConnectionTest, TwoStatementsOfTheSameText) {
  const absl::Status status = db_->Read([](Connection& c) -> absl::Status {
    absl::StatusOr<Statement> a = c.Prepare("SELECT ?1");
    absl::StatusOr<Statement> b = c.Prepare("SELECT ?1");
    if (!a.ok()) return a.status();
    if (!b.ok()) return b.status();
    a->Bind(1, 1);
    b->Bind(1, 2);
    EXPECT_TRUE(a->Step().value());
    EXPECT_TRUE(b->Step().value());
    EXPECT_EQ(a->Int64(0), 1);
    EXPECT_EQ(b->Int64(0), 2);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(ConnectionTest, AFinishedStatementRunsAgain) {
  const absl::Status status = db_->Write([](Connection& c) -> absl::Status {
    absl::StatusOr<Statement> insert =
        c.Prepare("INSERT INTO t (id) VALUES (?1)");
    if (!insert.ok()) return insert.status();
    for (int id = 1; id <= 3; ++id) {
      if (absl::Status run = insert->Bind(1, id).Run(); !run.ok()) return run;
      EXPECT_EQ(c.Changes(), 1);
      EXPECT_EQ(c.LastInsertId(), id);
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(db_.ReadInt64("SELECT count(*) FROM t"), 3);
}

TEST_F(ConnectionTest, TheNextStepReportsABadBind) {
  const absl::Status status = db_->Read([](Connection& c) -> absl::Status {
    absl::StatusOr<Statement> row = c.Prepare("SELECT ?1");
    if (!row.ok()) return row.status();
    return row->Bind(2, 1).Run();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("SELECT ?1"));
}

TEST_F(ConnectionTest, ErrorsNameBadSql) {
  for (const char* sql :
       {"SELEC 1", "SELECT 1; SELECT 2", "", "-- nothing", "SELECT \"text\""}) {
    const absl::Status status =
        db_->Read([&](Connection& c) { return c.Prepare(sql).status(); });
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << sql;
    EXPECT_THAT(std::string(status.message()), HasSubstr(sql));
  }
}

TEST_F(ConnectionTest, ErrorsOfConstraintsHaveACodeAndShowNoValue) {
  db_.Execute(
      "CREATE TABLE child (name TEXT UNIQUE CHECK (name <> ''),"
      " parent INTEGER REFERENCES t (id)) STRICT");
  const auto insert = [&](std::string_view name, std::optional<int64_t> id) {
    return db_->Write([&](Connection& c) -> absl::Status {
      absl::StatusOr<Statement> row =
          c.Prepare("INSERT INTO child (name, parent) VALUES (?1, ?2)");
      if (!row.ok()) return row.status();
      return row->Bind(1, name).Bind(2, id).Run();
    });
  };
  ASSERT_TRUE(insert("hidden", std::nullopt).ok());
  const absl::Status twice = insert("hidden", std::nullopt);
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(twice.message()),
              AllOf(HasSubstr(db_.path()), Not(HasSubstr("hidden"))));
  EXPECT_TRUE(IsStorageError(twice));
  EXPECT_EQ(insert("", std::nullopt).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(insert("orphan", 99).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tallyman::storage
