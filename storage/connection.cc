#include "storage/connection.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite_status.h"

namespace tallyman::storage {

void FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::~Statement() {
  if (handle_ != nullptr) connection_->ReturnToCache(std::move(handle_));
}

Statement& Statement::KeepFirstError(int rc) {
  if (bind_error_ == SQLITE_OK) bind_error_ = rc;
  return *this;
}

Statement& Statement::BindInt64(int parameter, int64_t value) {
  return KeepFirstError(sqlite3_bind_int64(handle_.get(), parameter, value));
}

Statement& Statement::Bind(int parameter, double value) {
  return KeepFirstError(sqlite3_bind_double(handle_.get(), parameter, value));
}

Statement& Statement::Bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL; an empty view is the empty string.
  const char* data = text.data() != nullptr ? text.data() : "";
  return KeepFirstError(sqlite3_bind_text64(handle_.get(), parameter, data,
                                            text.size(), SQLITE_TRANSIENT,
                                            SQLITE_UTF8));
}

Statement& Statement::Bind(int parameter, Blob blob) {
  const char* data = blob.bytes.data() != nullptr ? blob.bytes.data() : "";
  return KeepFirstError(sqlite3_bind_blob64(
      handle_.get(), parameter, data, blob.bytes.size(), SQLITE_TRANSIENT));
}

Statement& Statement::Bind(int parameter, std::nullopt_t) {
  return KeepFirstError(sqlite3_bind_null(handle_.get(), parameter));
}

absl::StatusOr<bool> Statement::Step() {
  const auto operation = [this] {
    return absl::StrCat("\"", sqlite3_sql(handle_.get()), "\"");
  };
  if (bind_error_ != SQLITE_OK) {
    absl::Status status = connection_->Error(bind_error_, operation());
    bind_error_ = SQLITE_OK;
    sqlite3_reset(handle_.get());
    return status;
  }
  const int rc = sqlite3_step(handle_.get());
  if (rc == SQLITE_ROW) return true;
  // sqlite3_reset clears the reason: read it first.
  absl::Status status = rc == SQLITE_DONE ? absl::OkStatus()
                                          : connection_->Error(rc, operation());
  sqlite3_reset(handle_.get());
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  while (true) {
    absl::StatusOr<bool> row = Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
  }
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

int64_t Statement::Int64(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

double Statement::Double(int column) const {
  return sqlite3_column_double(handle_.get(), column);
}

std::string_view Statement::Text(int column) const {
  // In this order: sqlite3_column_text converts, and the size is that of its
  // result (https://www.sqlite.org/c3ref/column_blob.html).
  const unsigned char* data = sqlite3_column_text(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<size_t>(size)};
}

std::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

std::optional<int64_t> Statement::OptionalInt64(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Int64(column);
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const std::string& path, int busy_timeout_ms) {
  // Names such as ":memory:" and "file:..." are special to SQLite. With a
  // leading "/" or "./" any name is that of a file.
  const std::string file = std::filesystem::path(path).is_absolute()
                               ? path
                               : absl::StrCat("./", path);
  sqlite3* db = nullptr;
  // NOMUTEX: the Database lends the connection to one thread at a time.
  const int rc = sqlite3_open_v2(
      file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (rc != SQLITE_OK) {
    absl::Status status = SqliteError(db, rc, path, "opening it");
    sqlite3_close(db);
    return status;
  }
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, busy_timeout_ms);
  // Views and triggers in the file may not call unsafe functions, and "text" in
  // double quotes is an error unless it names a column.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  return std::unique_ptr<Connection>(new Connection(db, path));
}

Connection::~Connection() {
  cache_.clear();
  sqlite3_close(db_);
}

absl::StatusOr<Statement> Connection::Prepare(std::string_view sql) {
  const auto cached = cache_.find(sql);
  if (cached != cache_.end() && cached->second != nullptr) {
    return Statement(this, std::move(cached->second));
  }
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int rc =
      sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, &rest);
  StatementHandle handle(raw);
  if (rc != SQLITE_OK) {
    return Error(rc, absl::StrCat("preparing \"", sql, "\""));
  }
  const std::string_view tail = sql.substr(rest - sql.data());
  if (handle == nullptr || !absl::StripAsciiWhitespace(tail).empty()) {
    return absl::InternalError(
        absl::StrCat("\"", sql, "\" must be exactly one statement"));
  }
  return Statement(this, std::move(handle));
}

void Connection::ReturnToCache(StatementHandle handle) {
  sqlite3_reset(handle.get());
  sqlite3_clear_bindings(handle.get());
  StatementHandle& slot = cache_[sqlite3_sql(handle.get())];
  if (slot == nullptr) slot = std::move(handle);
}

absl::Status Connection::Execute(const std::string& script) {
  const int rc = sqlite3_exec(db_, script.c_str(), nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK) return absl::OkStatus();
  return Error(rc, absl::StrCat("running \"", script, "\""));
}

absl::Status Connection::RunOne(std::string_view sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  return statement->Run();
}

int64_t Connection::Changes() const { return sqlite3_changes64(db_); }

int64_t Connection::LastInsertId() const {
  return sqlite3_last_insert_rowid(db_);
}

bool Connection::InTransaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

absl::Status Connection::Error(int rc, std::string_view operation) const {
  return SqliteError(db_, rc, path_, operation);
}

}  // namespace tallyman::storage
