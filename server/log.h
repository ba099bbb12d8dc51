// The server's log: one JSON object a line, on standard error.

#ifndef TALLYMAN_SERVER_LOG_H_
#define TALLYMAN_SERVER_LOG_H_

#include <cstddef>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/http.h"
#include "api/json_writer.h"
#include "api/redaction.h"

namespace tallyman::server {

// Writes lines with the keys time, level and event, and whatever the caller
// adds. Thread-safe: lines never mix.
class Log {
 public:
  // Writes to the descriptor `fd`, which must outlive the log.
  explicit Log(int fd) : fd_(fd) {}

  void Info(std::string_view event,
            absl::FunctionRef<void(api::JsonWriter&)> add = Nothing) const {
    Write("info", event, add);
  }
  void Error(std::string_view event,
             absl::FunctionRef<void(api::JsonWriter&)> add = Nothing) const {
    Write("error", event, add);
  }

 private:
  static void Nothing(api::JsonWriter& /*json*/) {}
  void Write(std::string_view level, std::string_view event,
             absl::FunctionRef<void(api::JsonWriter&)> add) const;

  const int fd_;
  mutable absl::Mutex mutex_;  // Held while a line is written.
};

// One answered request.
struct RequestRecord {
  const api::Request& request;
  int status;
  size_t response_bytes;
  absl::Duration duration;
  std::string_view user;  // The token's name; "" if there was none.
};

// Logs it, without any token that stood in its URL.
void LogRequest(const RequestRecord& record, const api::Redactor& redactor,
                const Log& log);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LOG_H_
