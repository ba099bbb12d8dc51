// The one table from SQLite's result codes to absl::Status.
//
// The code says who can act on the error, so that a server may pass it on:
//
//   kAlreadyExists       a UNIQUE or PRIMARY KEY constraint failed
//   kFailedPrecondition  another constraint failed (foreign key, CHECK, ...)
//   kInvalidArgument     the value is too big for the database
//   kUnavailable         a retry may succeed: locked by
//                        another program, disk full, I/O error, file or file
//                        system read-only, out of memory
//   kDataLoss            the file is corrupt or not a database
//   kInternal            any other; a mistake in our SQL or its use
//
// A full disk is not kResourceExhausted: that code means the quota of a caller,
// who has done nothing wrong here.
//
// All are marked as IsStorageError(): the message is for operators, not for
// clients. Source: https://www.sqlite.org/rescode.html

#ifndef TALLYMAN_STORAGE_SQLITE_STATUS_H_
#define TALLYMAN_STORAGE_SQLITE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace tallyman::storage {

// The status of the failure `rc` (an extended result code, not SQLITE_OK) of
// the last call on `db`. The message reads
//   database "<path>": <operation>: <SQLite's reason>[; a hint]
// `db` may be null, if there was no memory to open it.
absl::Status SqliteError(sqlite3* db, int rc, std::string_view path,
                         std::string_view operation);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_SQLITE_STATUS_H_
