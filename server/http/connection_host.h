// What a connection needs from the loop that serves it.

#ifndef TALLYMAN_SERVER_HTTP_CONNECTION_HOST_H_
#define TALLYMAN_SERVER_HTTP_CONNECTION_HOST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/event_loop.h"
#include "server/http/body_budget.h"
#include "server/http/request_handler.h"

namespace tallyman::server {

// The limits of a connection. Each state has one deadline, set when it is
// entered; bytes never extend it.
struct ConnectionOptions {
  size_t max_body_bytes = size_t{1} << 20;  // A larger body is 413.
  // For a TLS handshake, and from the first to the last byte of a head. Then
  // 408.
  absl::Duration head_timeout = absl::Seconds(10);
  // For a body, and for a response that the client takes; plus the time that
  // its size takes at `min_bytes_per_second`. A streamed body: for each piece.
  absl::Duration io_timeout = absl::Seconds(10);
  size_t min_bytes_per_second = 4096;
  // Closes a connection without a request for this long.
  absl::Duration idle_timeout = absl::Seconds(30);
};

class HttpConnection;

// The loop that serves a connection, as seen by the connection. All calls on
// the loop's thread, unless stated.
class ConnectionHost {
 public:
  ConnectionHost() = default;
  virtual ~ConnectionHost() = default;
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;

  virtual base::EventLoop& loop() = 0;
  virtual const RequestHandler& handler() = 0;
  virtual BodyBudget& body_budget() = 0;
  virtual const ConnectionOptions& options() const = 0;
  // Scratch memory for the duration of one call.
  virtual absl::Span<char> read_buffer() = 0;
  virtual std::string& write_buffer() = 0;

  // Runs `job` on another thread. False if too many jobs wait. After that
  // OnWorkerDone() is called on the loop's thread.
  virtual bool RunOnWorker(HttpConnection& connection,
                           absl::AnyInvocable<void() &&> job) = 0;
  // Calls OnStreamWake() on the loop's thread. Thread-safe, and safe after the
  // end of the connection and the loop.
  virtual std::function<void()> StreamWaker(uint64_t id) = 0;

  // Calls OnContinue() after other connections had their turn.
  virtual void ContinueLater(HttpConnection& connection) = 0;

  // The connection waits for a request from now on (again).
  virtual void OnIdle(HttpConnection& connection) = 0;
  virtual void OnBusy(HttpConnection& connection) = 0;
  // The connection is closed. The host destroys it after the call.
  virtual void OnClosed(HttpConnection& connection) = 0;
  // The server ended a connection for this reason, in the field's terms.
  virtual void OnDropped(std::string_view peer, std::string_view reason) = 0;
  // Thread-safe.
  virtual bool is_stopping() const = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_CONNECTION_HOST_H_
