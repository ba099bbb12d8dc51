// The server's log: one JSON object a line.

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

// Writes lines with the keys time (UTC, milliseconds), level and event, and
// those that the caller adds. Thread-safe: lines are whole and in the order of
// the calls. A write blocks as long as the descriptor does; a failed one is
// dropped.
class Log {
 public:
  using Add = absl::FunctionRef<void(api::JsonWriter&)>;

  // Writes to the descriptor `fd`, which must outlive the log. InfoSoon() holds
  // lines back for up to `max_delay`; zero: it writes at once.
  explicit Log(int fd, absl::Duration max_delay = absl::ZeroDuration());
  // Writes the lines held back.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Info() and Error() return when the line is written.
  void Info(std::string_view event, Add add = Nothing) const {
    Append("info", event, add);
    Flush();
  }
  void Error(std::string_view event, Add add = Nothing) const {
    Append("error", event, add);
    Flush();
  }

  // Holds the line back, so that one write(2) takes many: for frequent events
  // that need no action. A crash loses lines held back.
  void InfoSoon(std::string_view event, Add add) const;

 private:
  // Beyond this size InfoSoon() writes at once.
  static constexpr size_t kMaxPendingBytes = size_t{256} << 10;

  static void Nothing(api::JsonWriter& /*json*/) {}

  // Returns the number of bytes in lines_.
  size_t Append(std::string_view level, std::string_view event, Add add) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Flush() const ABSL_LOCKS_EXCLUDED(write_mutex_, mutex_);

  const int fd_;
  // Held during write(2); mutex_ only to add to lines_ and to swap them.
  mutable absl::Mutex write_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable absl::Mutex mutex_;
  mutable std::string lines_ ABSL_GUARDED_BY(mutex_);
  // Empty except during write(2); a member to reuse its memory.
  mutable std::string writing_ ABSL_GUARDED_BY(write_mutex_);
  mutable std::optional<base::WriteBehind> writer_;  // Last: it uses the above.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LOG_LOG_H_
