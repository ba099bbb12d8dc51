// One connection to an SQLite database, and its prepared statements.
//
// A Connection is lent to the body of a transaction (see storage/database.h):
//
//   absl::Status Rename(Connection& db, int64_t id, std::string_view name) {
//     absl::StatusOr<Statement> update =
//         db.Prepare("UPDATE pets SET name = ?1 WHERE id = ?2");
//     if (!update.ok()) return update.status();
//     update->Bind(1, name).Bind(2, id);
//     if (absl::Status run = update->Run(); !run.ok()) return run;
//     if (db.Changes() == 0) return absl::NotFoundError("no such pet");
//     return absl::OkStatus();
//   }
//
// and for rows:
//
//   absl::StatusOr<Statement> pets = db.Prepare("SELECT id, name FROM pets");
//   ...
//   while (true) {
//     absl::StatusOr<bool> row = pets->Step();
//     if (!row.ok()) return row.status();
//     if (!*row) break;
//     Add(pets->Int64(0), pets->Text(1));
//   }
//
// Errors have the codes of storage/sqlite_status.h and name the file and the
// SQL text, never a bound value: values may be secrets.

#ifndef TALLYMAN_STORAGE_CONNECTION_H_
#define TALLYMAN_STORAGE_CONNECTION_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tallyman::storage {

class Connection;
class Database;

// Marks bytes that are bound as a BLOB; a plain string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

// Frees an sqlite3_stmt.
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const;
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// A prepared statement, borrowed from its Connection's cache: the destructor
// resets it, forgets its bindings and gives it back.
//
// Must not outlive the transaction in which it was prepared. Not thread-safe.
class Statement {
 public:
  Statement(Statement&& other) noexcept = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Each Bind sets a parameter, counted from 1 as in ?1, and copies the value.
  // A failure (no such parameter, rows still pending) is kept and returned by
  // the next Step() or Run(). Bindings stay until they are bound anew.
  template <std::integral T>
  Statement& Bind(int parameter, T value) {
    static_assert(std::is_signed_v<T> || sizeof(T) < sizeof(int64_t),
                  "SQLite has no unsigned 64-bit integers");
    return BindInt64(parameter, static_cast<int64_t>(value));
  }
  Statement& Bind(int parameter, double value);
  Statement& Bind(int parameter, std::string_view text);
  Statement& Bind(int parameter, Blob blob);
  Statement& Bind(int parameter, std::nullopt_t null);
  template <typename T>
  Statement& Bind(int parameter, const std::optional<T>& value) {
    return value.has_value() ? Bind(parameter, *value)
                             : Bind(parameter, std::nullopt);
  }

  // Advances to the next row: true when there is one. False means the
  // statement has run to its end and may be bound and stepped anew, as may one
  // that failed.
  absl::StatusOr<bool> Step();

  // Steps to the end, for statements whose rows are of no interest.
  absl::Status Run();

  // The columns of the row that Step() has reached, counted from 0. Values of
  // another type are converted as SQLite does (NULL reads as 0 or empty).
  // Views are valid until the next call of Step(), Run() or the destructor.
  bool IsNull(int column) const;
  int64_t Int64(int column) const;
  double Double(int column) const;
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const;
  std::optional<int64_t> OptionalInt64(int column) const;

 private:
  friend class Connection;
  Statement(Connection* connection, StatementHandle handle)
      : connection_(connection), handle_(std::move(handle)) {}

  Statement& BindInt64(int parameter, int64_t value);
  Statement& Keep(int rc);

  Connection* connection_;
  StatementHandle handle_;  // null once moved from
  int bind_error_ = 0;      // the first SQLite code that a Bind met
};

// An open connection. Made and owned by a Database, which lends it to one
// transaction at a time. Not thread-safe.
class Connection {
 public:
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Prepares the one statement `sql`, or takes it from the cache. `sql` has to
  // be a constant of the program: values go in through Bind, and the cache
  // keeps every text that it has seen. The same text may be in use twice.
  absl::StatusOr<Statement> Prepare(std::string_view sql);

  // Runs a script of any number of statements without parameters; for schemas.
  absl::Status Execute(const std::string& script);

  // Rows changed by the last INSERT, UPDATE or DELETE.
  int64_t Changes() const;

  // The rowid of the last INSERT.
  int64_t LastInsertId() const;

  // The file, as it was given to Database::Open.
  const std::string& path() const { return path_; }

 private:
  friend class Database;
  friend class Statement;

  // Opens the existing file `path`.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const std::string& path, int busy_timeout_ms);

  Connection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

  absl::Status Error(int rc, std::string_view what) const;
  void GiveBack(StatementHandle handle);
  absl::Status RunOne(std::string_view sql);
  bool InTransaction() const;

  sqlite3* db_;
  std::string path_;
  // By SQL text. Null while the statement is lent out.
  absl::flat_hash_map<std::string, StatementHandle> cache_;
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_CONNECTION_H_
