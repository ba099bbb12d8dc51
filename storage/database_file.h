// The file of a database, before SQLite opens it.

#ifndef TALLYMAN_STORAGE_DATABASE_FILE_H_
#define TALLYMAN_STORAGE_DATABASE_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace tallyman::storage {

// Creates `path` as an empty file for the owner only, or checks an existing one
// and removes the permissions of others. On Windows a file has those of its
// directory (see DataDirectory). InvalidArgument, FailedPrecondition or the
// errno with the path and the reason.
absl::Status PrepareDatabaseFile(const std::string& path);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_DATABASE_FILE_H_
