// One table from SQLite's result codes to absl::Status.
//
// The codes say who can do something about it, so that a server may pass them
// on as they are:
//
//   kAlreadyExists       a UNIQUE or PRIMARY KEY constraint failed
//   kFailedPrecondition  another constraint failed (foreign key, CHECK, ...)
//   kInvalidArgument     the value is too big for the database
//   kUnavailable         the machine can't do it now and may later: locked by
//                        another program, disk full, I/O error, file or file
//                        system read-only, out of memory
//   kDataLoss            the file is corrupt or not a database
//   kInternal            everything else; a mistake in our SQL or its use
//
// A full disk isn't kResourceExhausted on purpose: that code means a caller's
// quota, and the caller has done nothing wrong.
//
// Facts: https://www.sqlite.org/rescode.html

#ifndef TALLYMAN_STORAGE_SQLITE_STATUS_H_
#define TALLYMAN_STORAGE_SQLITE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace tallyman::storage {

// The status of the failure `rc` (an extended result code, not SQLITE_OK) that
// was just met on `db`. The message reads
//   database "<path>": <what>: <SQLite's reason>[; a hint]
// `db` may be null, when there was no memory to open it.
absl::Status SqliteError(sqlite3* db, int rc, std::string_view path,
                         std::string_view what);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_SQLITE_STATUS_H_
