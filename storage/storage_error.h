// Marks errors of the database, whose messages are for operators only: they
// name the file and the SQL statement.
//
// Example: storage/database_example_test.cc

#ifndef TALLYMAN_STORAGE_STORAGE_ERROR_H_
#define TALLYMAN_STORAGE_STORAGE_ERROR_H_

#include "absl/status/status.h"

namespace tallyman::storage {

// Returns `status`, which is not OK, with the mark. The mark is a payload of
// absl::Status: copies keep it; a new Status made from the code and the message
// does not have it.
absl::Status MarkStorageError(absl::Status status);

// Whether `status` is marked. All errors of SQLite are, whatever their code.
bool IsStorageError(const absl::Status& status);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_STORAGE_ERROR_H_
