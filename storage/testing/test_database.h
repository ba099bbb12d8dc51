// The database of a test, which can be closed and opened again as in a restart.
//
//   storage::TestDatabase db;
//   db.Execute("CREATE TABLE pets (name TEXT)");
//   EXPECT_EQ(db.ReadInt64("SELECT count(*) FROM pets"), 0);

#ifndef TALLYMAN_STORAGE_TESTING_TEST_DATABASE_H_
#define TALLYMAN_STORAGE_TESTING_TEST_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/testing/temp_directory.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::storage {

// The first column of the first row of the query `sql`; dies (CHECK) on an
// error and if there is no row.
inline int64_t ReadInt64(Database& db, std::string_view sql) {
  int64_t value = 0;
  CHECK_OK(db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(sql);
    if (!rows.ok()) return rows.status();
    absl::StatusOr<bool> row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::NotFoundError(sql);
    value = rows->Int64(0);
    return absl::OkStatus();
  }));
  return value;
}

// Runs the script `sql` in a transaction; dies (CHECK) on an error.
inline void Execute(Database& db, const std::string& sql) {
  CHECK_OK(db.Write(
      [&](Connection& connection) { return connection.Execute(sql); }));
}

// A database in a file, which is removed with the object. Dies (CHECK) if it
// cannot be opened.
class TestDatabase {
 public:
  TestDatabase() : path_(absl::StrCat(directory_.path(), "/test.db")) {
    Reopen();
  }

  // Closes and opens the file. All users of the database must be gone.
  Database& Reopen() {
    database_.reset();
    absl::StatusOr<std::unique_ptr<Database>> opened =
        Database::Open(path_, {});
    CHECK_OK(opened);
    database_ = *std::move(opened);
    return *database_;
  }

  Database& operator*() const { return *database_; }
  Database* operator->() const { return database_.get(); }

  int64_t ReadInt64(std::string_view sql) const {
    return storage::ReadInt64(*database_, sql);
  }
  void Execute(const std::string& sql) const {
    storage::Execute(*database_, sql);
  }

  const std::string& path() const { return path_; }

 private:
  const platform::TempDirectory directory_;
  const std::string path_;
  std::unique_ptr<Database> database_;
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_TESTING_TEST_DATABASE_H_
