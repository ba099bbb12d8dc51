// Rate-limit counts in the machine's SQLite database.
//
// Example: auth/rate_limiter_example_test.cc

#ifndef TALLYMAN_AUTH_SQLITE_COUNT_STORE_H_
#define TALLYMAN_AUTH_SQLITE_COUNT_STORE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "auth/count_store.h"
#include "storage/database.h"

namespace tallyman::auth {

// Each SaveCounts() also removes counts that are more than a week older than
// the newest one saved, so that the table does not grow with old tokens.
// Thread-safe.
class SqliteCountStore final : public CountStore {
 public:
  // Creates or migrates the table. `db` must outlive the store.
  static absl::StatusOr<std::unique_ptr<SqliteCountStore>> Open(
      storage::Database& db);

  absl::StatusOr<std::vector<TokenCounts>> LoadCounts() override;
  absl::Status SaveCounts(absl::Span<const TokenCounts> counts) override;

 private:
  explicit SqliteCountStore(storage::Database& db) : db_(db) {}

  storage::Database& db_;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SQLITE_COUNT_STORE_H_
