// A database in one SQLite file: opening, and transactions.
//
//   absl::StatusOr<std::unique_ptr<Database>> db =
//       Database::Open("/var/lib/tallyman/tallyman.db", {});
//   if (!db.ok()) return db.status();
//   absl::Status status = (*db)->Write([&](Connection& connection) {
//     absl::StatusOr<Statement> insert =
//         connection.Prepare("INSERT INTO pets (name) VALUES (?1)");
//     if (!insert.ok()) return insert.status();
//     return insert->Bind(1, "Rex").Run();
//   });
//
// What a Write that returned OK has changed survives a crash of the process
// and of the machine (write-ahead log, synchronous=FULL).

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
  // How long a transaction waits for another program (such as the sqlite3
  // shell) that holds the file, before it fails with kUnavailable.
  absl::Duration busy_timeout = absl::Seconds(5);

  // Reads the whole file once at Open (PRAGMA quick_check), so that corruption
  // is met at the start and not in the middle of a request. Costs about a
  // second per gigabyte.
  bool check_integrity = true;
};

// An open database.
//
// Thread-safe. Two connections: writes follow one another on one, reads on the
// other, so that a read never waits for the disk on behalf of a write. Because
// of SQLite's locks on the file a Database must not be used, or destroyed, in
// a child after fork(); it isn't inherited through exec.
class Database {
 public:
  // Opens `path`, creating it with mode 0600 where there is nothing. The folder
  // has to exist. An existing file that others may read loses these
  // permissions.
  //
  // Errors name the path and the reason: a missing folder, a directory, no
  // permission (with the code of the errno, as absl::ErrnoToStatus gives it);
  // kDataLoss for a file that is corrupt or not a database.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& path, const DatabaseOptions& options);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() = default;

  // Runs `body` in a transaction that may change the database. Commits when it
  // returns OK and returns after the change is durable; else nothing has
  // changed, and the error is the body's or that of the commit. `body` must
  // not call Write (it would wait for itself), nor end the transaction.
  absl::Status Write(absl::FunctionRef<absl::Status(Connection&)> body)
      ABSL_LOCKS_EXCLUDED(write_mutex_);

  // Runs `body` on an unchanging view of everything committed so far. It can't
  // change anything. It must not call Read; it must not call Write either.
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
