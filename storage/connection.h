// One connection to an SQLite database, and its prepared statements. Database
// (storage/database.h) lends a Connection to the body of a transaction.
//
// Errors have the codes of storage/sqlite_status.h. Messages name the file and
// the SQL text, never a bound value: values may be secrets.
//
// Example: storage/database_example_test.cc

#ifndef TALLYMAN_STORAGE_CONNECTION_H_
#define TALLYMAN_STORAGE_CONNECTION_H_

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

// Bytes to bind as a BLOB; a plain string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
};

// Frees an sqlite3_stmt.
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const;
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// A prepared statement, borrowed from the cache of its Connection: the
// destructor resets it, clears its bindings and returns it to the cache.
//
// Must not outlive the transaction in which it was prepared. Not thread-safe.
class Statement {
 public:
  Statement(Statement&& other) noexcept = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Each Bind sets a parameter, counted from 1 as in ?1, and copies the value.
  // The next Step() or Run() returns the first failure (no such parameter, rows
  // still pending). Bindings stay until they are bound again.
  template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
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

  // Advances to the next row; false after the last one. After false or an error
  // the statement may be bound and stepped again.
  absl::StatusOr<bool> Step();

  // Steps to the end and ignores the rows.
  absl::Status Run();

  // The columns of the current row, counted from 0. SQLite converts values of
  // another type (NULL reads as 0 or empty). Views are valid until the next
  // call of Step() or Run(), or the destructor.
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
  Statement& KeepFirstError(int rc);

  Connection* connection_;
  StatementHandle handle_;  // null once moved from
  int bind_error_ = 0;      // SQLite's code of the first failed Bind
};

// An open connection. A Database creates and owns it, and lends it to one
// transaction at a time. Not thread-safe.
class Connection {
 public:
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Prepares the single statement `sql`, or takes it from the cache. `sql` must
  // be a constant of the program: values go in through Bind, and the cache
  // keeps every text for the life of the connection. Two Statements of the same
  // text may be in use at once.
  absl::StatusOr<Statement> Prepare(std::string_view sql);

  // Runs a script: any number of statements without parameters. For schemas.
  absl::Status Execute(const std::string& script);

  // Rows changed by the last INSERT, UPDATE or DELETE.
  int64_t Changes() const;

  // The rowid of the last INSERT.
  int64_t LastInsertId() const;

  // The file, as given to Database::Open.
  const std::string& path() const { return path_; }

 private:
  friend class Database;
  friend class Statement;

  // Opens the existing file `path`.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const std::string& path, int busy_timeout_ms);

  Connection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

  absl::Status Error(int rc, std::string_view operation) const;
  void ReturnToCache(StatementHandle handle);
  absl::Status RunOne(std::string_view sql);
  bool InTransaction() const;

  sqlite3* db_;
  std::string path_;
  // Statements by SQL text; null while a Statement borrows it.
  absl::flat_hash_map<std::string, StatementHandle> cache_;
};

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_CONNECTION_H_
