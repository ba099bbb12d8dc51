#include "storage/sqlite_status.h"

#include <sqlite3.h>

#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/storage_error.h"

namespace tallyman::storage {
namespace {

absl::StatusCode CodeOf(int rc) {
  if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
      rc == SQLITE_CONSTRAINT_ROWID) {
    return absl::StatusCode::kAlreadyExists;
  }
  switch (rc & 0xff) {  // the primary code is the low byte
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string_view HintOf(int rc) {
  switch (rc & 0xff) {
    case SQLITE_BUSY:
      return "; another program holds it";
    case SQLITE_FULL:
      return "; free some space on its file system";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; restore it from a backup, or move it away to start with an "
             "empty one";
    default:
      return "";
  }
}

}  // namespace

absl::Status SqliteError(sqlite3* db, int rc, std::string_view path,
                         std::string_view operation) {
  // Some calls set no message, so the connection may hold that of an older
  // failure; then take the general text of the code.
  std::string reason = db != nullptr && sqlite3_extended_errcode(db) == rc
                           ? sqlite3_errmsg(db)
                           : sqlite3_errstr(rc);
  const int primary = rc & 0xff;
  if (db != nullptr &&
      (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
    const int error = sqlite3_system_errno(db);
    if (error != 0) {
      absl::StrAppend(&reason, " (", std::system_category().message(error),
                      ")");
    }
  }
  return MarkStorageError(absl::Status(
      CodeOf(rc), absl::StrCat("database \"", path, "\": ", operation, ": ",
                               reason, HintOf(rc))));
}

}  // namespace tallyman::storage
