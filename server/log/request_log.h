// Logs requests, without any secret that stood in their addresses.

#ifndef TALLYMAN_SERVER_LOG_REQUEST_LOG_H_
#define TALLYMAN_SERVER_LOG_REQUEST_LOG_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "server/log/log.h"

namespace tallyman::server {

// One answered request.
struct RequestRecord {
  const api::Request& request;
  int status;
  size_t response_bytes;
  absl::Duration duration;
  std::string_view user;  // The token's name; "" if there was none.
};

// Thread-safe. What it is made of must outlive it.
class RequestLog {
 public:
  RequestLog(const Log& log, const api::Redactor& redactor)
      : log_(log), redactor_(redactor) {}

  // The line may be late.
  void Add(const RequestRecord& record) const;

 private:
  using Text = std::shared_ptr<const std::string>;

  // Paths that are remembered, and the longest of them.
  static constexpr size_t kMaxPaths = 1024;
  static constexpr size_t kMaxPathBytes = 256;

  // What the log shows of a path.
  Text Loggable(std::string_view path, bool is_worth_keeping) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  const Log& log_;
  const api::Redactor& redactor_;
  // Looking for secrets in a path costs more than all else in its line, and
  // clients ask for the same things again and again.
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, Text> paths_ ABSL_GUARDED_BY(mutex_);
};

// Logs one.
void LogRequest(const RequestRecord& record, const api::Redactor& redactor,
                const Log& log);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LOG_REQUEST_LOG_H_
