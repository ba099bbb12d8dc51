#include "storage/database.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/connection.h"
#include "storage/database_file.h"
#include "storage/storage_error.h"

namespace tallyman::storage {
namespace {

// Runs a PRAGMA and returns the text of its first row.
absl::StatusOr<std::string> Pragma(Connection& connection,
                                   std::string_view sql) {
  absl::StatusOr<Statement> pragma = connection.Prepare(sql);
  if (!pragma.ok()) return pragma.status();
  absl::StatusOr<bool> row = pragma->Step();
  if (!row.ok()) return row.status();
  return std::string(*row ? pragma->Text(0) : "");
}

}  // namespace

absl::Status Database::SetUpWriter(Connection& writer,
                                   const DatabaseOptions& options) {
  absl::StatusOr<std::string> mode =
      Pragma(writer, "PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (*mode != "wal") {
    return absl::FailedPreconditionError(absl::StrCat(
        "database \"", writer.path(), "\": its file system can't hold a ",
        "write-ahead log (got journal mode \"", *mode,
        "\"); use a directory on a local disk"));
  }
  if (options.check_integrity) {
    absl::StatusOr<std::string> check = Pragma(writer, "PRAGMA quick_check(1)");
    if (!check.ok()) return check.status();
    if (*check != "ok") {
      return absl::DataLossError(absl::StrCat(
          "database \"", writer.path(), "\": is corrupt: ", *check,
          "; restore it from a backup, or move it away to start with an empty "
          "one"));
    }
  }
  return writer.Execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& path, const DatabaseOptions& options) {
  if (absl::Status file = PrepareDatabaseFile(path); !file.ok()) return file;

  const int busy_timeout_ms = static_cast<int>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(options.busy_timeout), 0,
                          std::numeric_limits<int>::max()));
  absl::StatusOr<std::unique_ptr<Connection>> writer =
      Connection::Open(path, busy_timeout_ms);
  if (!writer.ok()) return writer.status();
  if (absl::Status set = SetUpWriter(**writer, options); !set.ok()) return set;

  absl::StatusOr<std::unique_ptr<Connection>> reader =
      Connection::Open(path, busy_timeout_ms);
  if (!reader.ok()) return reader.status();
  if (absl::Status set = (*reader)->Execute("PRAGMA query_only = ON");
      !set.ok()) {
    return set;
  }
  return std::unique_ptr<Database>(
      new Database(path, *std::move(writer), *std::move(reader)));
}

absl::Status Database::Transact(
    Connection& connection, std::string_view begin,
    absl::FunctionRef<absl::Status(Connection&)> body) {
  if (absl::Status begun = connection.RunOne(begin); !begun.ok()) return begun;
  absl::Status status = body(connection);
  if (status.ok()) {
    if (!connection.InTransaction()) {
      return MarkStorageError(absl::InternalError(
          absl::StrCat("database \"", connection.path(),
                       "\": the body of a transaction has ended it")));
    }
    status = connection.RunOne("COMMIT");
  }
  // SQLite itself rolls back after some errors, such as a full disk. If our
  // rollback fails too, report the first error.
  if (!status.ok() && connection.InTransaction()) {
    connection.RunOne("ROLLBACK").IgnoreError();
  }
  return status;
}

absl::Status Database::Write(
    absl::FunctionRef<absl::Status(Connection&)> body) {
  absl::MutexLock lock(&write_mutex_);
  return Transact(*writer_, "BEGIN IMMEDIATE", body);
}

absl::Status Database::Read(absl::FunctionRef<absl::Status(Connection&)> body) {
  absl::MutexLock lock(&read_mutex_);
  return Transact(*reader_, "BEGIN", body);
}

}  // namespace tallyman::storage
