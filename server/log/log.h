// The server's log: one JSON object a line, on standard error.

#ifndef TALLYMAN_SERVER_LOG_LOG_H_
#define TALLYMAN_SERVER_LOG_LOG_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "platform/base/write_behind.h"

namespace tallyman::server {

// Writes lines with the keys time, level and event, and whatever the caller
// adds. Thread-safe: lines never mix, and stand in the order in which they
// came.
class Log {
 public:
  using Add = absl::FunctionRef<void(api::JsonWriter&)>;

  // Writes to the descriptor `fd`, which must outlive the log. What may be late
  // is written at most this long after it came; zero makes nothing late.
  explicit Log(int fd, absl::Duration lateness = absl::ZeroDuration());
  // Writes what is late.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // These are written when they return.
  void Info(std::string_view event, Add add = Nothing) const {
    Append("info", event, add);
    Flush();
  }
  void Error(std::string_view event, Add add = Nothing) const {
    Append("error", event, add);
    Flush();
  }

  // May be late, so that many lines cost one system call: for what comes often
  // and is no reason to act. Lost in a crash meanwhile.
  void InfoSoon(std::string_view event, Add add) const;

 private:
  // More than that waits for no one.
  static constexpr size_t kMaxLateBytes = size_t{256} << 10;

  static void Nothing(api::JsonWriter& /*json*/) {}

  // Returns how much is not written yet.
  size_t Append(std::string_view level, std::string_view event, Add add) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Flush() const ABSL_LOCKS_EXCLUDED(write_mutex_, mutex_);

  const int fd_;
  // Held while lines are written; the other only to add and to take them.
  mutable absl::Mutex write_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable absl::Mutex mutex_;
  mutable std::string lines_ ABSL_GUARDED_BY(mutex_);
  mutable std::string writing_ ABSL_GUARDED_BY(write_mutex_);  // Empty.
  mutable std::optional<base::WriteBehind> writer_;  // Last: uses the above.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LOG_LOG_H_
