#include "storage/connection.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/database.h"
#include "storage/testing/temp_directory.h"

namespace tallyman::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A database with the empty table t (id, value).
class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = absl::StrCat(directory_.path(), "/test.db");
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(path_, {});
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
    ASSERT_TRUE(db_->Write([](Connection& c) {
                     return c.Execute(
                         "CREATE TABLE t (id INTEGER PRIMARY KEY, value ANY)");
                   })
                    .ok());
  }

  int64_t CountRows() {
    int64_t count = -1;
    const absl::Status status = db_->Read([&](Connection& c) -> absl::Status {
      absl::StatusOr<Statement> rows = c.Prepare("SELECT count(*) FROM t");
      if (!rows.ok()) return rows.status();
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      count = rows->Int64(0);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return count;
  }

  TempDirectory directory_;
  std::string path_;
  std::unique_ptr<Database> db_;
};

TEST_F(ConnectionTest, EveryTypeComesBackAsItWent) {
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

TEST_F(ConnectionTest, AStatementIsReusedAndForgetsItsBindings) {
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

TEST_F(ConnectionTest, TheSameTextMayBeInUseTwice) {
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

TEST_F(ConnectionTest, AFinishedStatementRunsAnew) {
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
  EXPECT_EQ(CountRows(), 3);
}

TEST_F(ConnectionTest, ABadBindIsReportedByTheNextStep) {
  const absl::Status status = db_->Read([](Connection& c) -> absl::Status {
    absl::StatusOr<Statement> row = c.Prepare("SELECT ?1");
    if (!row.ok()) return row.status();
    return row->Bind(2, 1).Run();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("SELECT ?1"));
}

TEST_F(ConnectionTest, BadSqlIsNamed) {
  for (const char* sql :
       {"SELEC 1", "SELECT 1; SELECT 2", "", "-- nothing", "SELECT \"text\""}) {
    const absl::Status status =
        db_->Read([&](Connection& c) { return c.Prepare(sql).status(); });
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << sql;
    EXPECT_THAT(std::string(status.message()), HasSubstr(sql));
  }
}

TEST_F(ConnectionTest, ConstraintsHaveCodesOfTheirOwnAndShowNoValue) {
  ASSERT_TRUE(
      db_->Write([](Connection& c) {
           return c.Execute(
               "CREATE TABLE child (name TEXT UNIQUE CHECK (name <> ''),"
               " parent INTEGER REFERENCES t (id)) STRICT");
         })
          .ok());
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
              AllOf(HasSubstr(path_), Not(HasSubstr("hidden"))));
  EXPECT_EQ(insert("", std::nullopt).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(insert("orphan", 99).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tallyman::storage
