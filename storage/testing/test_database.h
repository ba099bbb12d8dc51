// A database of a test, which can be closed and opened again as a restart
// would.

#ifndef TALLYMAN_STORAGE_TESTING_TEST_DATABASE_H_
#define TALLYMAN_STORAGE_TESTING_TEST_DATABASE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "storage/testing/temp_directory.h"

namespace tallyman::storage {

// In a real file, which goes with the object. Dies (CHECK) if it can't be
// opened.
class TestDatabase {
 public:
  TestDatabase() : path_(absl::StrCat(directory_.path(), "/test.db")) {
    Reopen();
  }

  // Whatever uses the database must be gone.
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

  const std::string& path() const { return path_; }

 private:
  const TempDirectory directory_;
  const std::string path_;
  std::unique_ptr<Database> database_;
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_TESTING_TEST_DATABASE_H_
