// A database in one SQLite file: opening it, and transactions.
//
// The changes of a Write that returned OK survive a crash of the process and of
// the machine (write-ahead log, synchronous=FULL).
//
// Example: storage/database_example_test.cc

#ifndef TALLYMAN_STORAGE_DATABASE_H_
#define TALLYMAN_STORAGE_DATABASE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/connection.h"

namespace tallyman::storage {

struct DatabaseOptions {
  // How long a transaction waits while another program (such as the sqlite3
  // shell) locks the file, before it fails with kUnavailable.
  absl::Duration busy_timeout = absl::Seconds(5);

  // Reads the whole file once at Open (PRAGMA quick_check), so that the start
  // fails on a corrupt file, not a later request. Costs about a second per
  // gigabyte.
  bool check_integrity = true;
};

// An open database.
//
// Thread-safe. Has two connections, one for writes and one for reads; each runs
// one transaction at a time, so a read never waits for a write to reach the
// disk. A forked child must neither use nor destroy the Database, because of
// SQLite's locks on the file; its descriptors are close-on-exec.
class Database {
 public:
  // Opens `path`, and creates it with mode 0600 if it is missing. The directory
  // must exist. If others may read an existing file, its mode becomes 0600.
  //
  // Errors name the path and the reason: a missing directory, a path that is a
  // directory, no permission (with the code of absl::ErrnoToStatus); kDataLoss
  // for a file that is corrupt or not a database.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& path, const DatabaseOptions& options);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() = default;

  // Runs `body` in a transaction that may change the database. If `body`
  // returns OK, commits and returns once the change is durable. Else nothing
  // changes, and the error is that of `body` or of the commit. `body` must not
  // call Write (deadlock), nor end the transaction.
  absl::Status Write(absl::FunctionRef<absl::Status(Connection&)> body)
      ABSL_LOCKS_EXCLUDED(write_mutex_);

  // Runs `body` on an unchanging view of all committed changes. Statements that
  // change the database fail. `body` must call neither Read nor Write
  // (deadlock).
  absl::Status Read(absl::FunctionRef<absl::Status(Connection&)> body)
      ABSL_LOCKS_EXCLUDED(read_mutex_);

  // The file, as given to Open.
  const std::string& path() const { return path_; }

 private:
  Database(std::string path, std::unique_ptr<Connection> writer,
           std::unique_ptr<Connection> reader)
      : path_(std::move(path)),
        writer_(std::move(writer)),
        reader_(std::move(reader)) {}

  static absl::Status SetUpWriter(Connection& writer,
                                  const DatabaseOptions& options);
  static absl::Status Transact(
      Connection& connection, std::string_view begin,
      absl::FunctionRef<absl::Status(Connection&)> body);

  const std::string path_;
  absl::Mutex write_mutex_;
  absl::Mutex read_mutex_;
  const std::unique_ptr<Connection> writer_ ABSL_PT_GUARDED_BY(write_mutex_);
  const std::unique_ptr<Connection> reader_ ABSL_PT_GUARDED_BY(read_mutex_);
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_DATABASE_H_
