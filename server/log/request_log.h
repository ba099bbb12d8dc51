// Logs requests, without the secrets in their paths and queries.

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
  absl::Duration duration;  // Of a steady clock.
  std::string_view user;    // The token's name; "" if there was none.
  std::string_view remote;  // The client's address.
  // The proxy's headers contradict each other, so `remote` is the proxy.
  bool has_forwarding_conflict = false;
};

// Thread-safe. `log` and `redactor` must outlive it.
class RequestLog {
 public:
  RequestLog(const Log& log, const api::Redactor& redactor)
      : log_(log), redactor_(redactor) {}

  // Log::InfoSoon(): the line may be held back.
  void Add(const RequestRecord& record) const;

 private:
  using Text = std::shared_ptr<const std::string>;

  // Limits of the cache.
  static constexpr size_t kMaxCachedPaths = 1024;
  static constexpr size_t kMaxCachedPathBytes = 256;

  // The decoded path without secrets, from the cache or into it.
  Text RedactedPath(std::string_view path, bool may_cache) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  const Log& log_;
  const api::Redactor& redactor_;
  // A cache by undecoded path: the search for secrets costs more than the rest
  // of the line, and clients repeat their requests.
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, Text> paths_ ABSL_GUARDED_BY(mutex_);
};

// Logs one request without a cache.
void LogRequest(const RequestRecord& record, const api::Redactor& redactor,
                const Log& log);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LOG_REQUEST_LOG_H_
