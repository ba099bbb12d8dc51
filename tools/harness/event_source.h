// A client of server-sent events (WHATWG HTML standard, section 9.2) over
// HTTP/1.1, which reconnects only when it is told to.
//
//   absl::StatusOr<EventSource> source =
//       EventSource::Open(port, "/events", token, last_id);
//   absl::StatusOr<ServerEvent> event = source->Next();

#ifndef TALLYMAN_TOOLS_HARNESS_EVENT_SOURCE_H_
#define TALLYMAN_TOOLS_HARNESS_EVENT_SOURCE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/harness/http_socket.h"

namespace tallyman::harness {

struct ServerEvent {
  std::string type;  // "message" if the server names none.
  std::string data;
};

// Movable; not thread-safe.
class EventSource {
 public:
  // Sends the request and waits for the head of the answer. `last_id`: the
  // header Last-Event-ID; "" for none. FailedPrecondition, with the body so
  // far, unless the answer is a stream in chunks.
  static absl::StatusOr<EventSource> Open(int port, std::string_view target,
                                          std::string_view token,
                                          std::string_view last_id = "");
  // The same with these headers, whole lines without line ends, in place of a
  // token.
  static absl::StatusOr<EventSource> OpenWith(
      int port, std::string_view target,
      const std::vector<std::string>& headers);

  // Waits for the next event. OutOfRange at the end of the stream, Unavailable
  // if the connection is closed before, Internal if the bytes are no chunks.
  absl::StatusOr<ServerEvent> Next();

  // The last id that the server sent; "" if there was none.
  const std::string& last_id() const { return last_id_; }

 private:
  explicit EventSource(HttpSocket socket) : socket_(std::move(socket)) {}

  absl::Status Receive();
  // Takes the next line of the connection.
  absl::StatusOr<std::string> TakeLine();
  // Appends the bytes of the next chunk to `text_`.
  absl::Status ReadChunk();

  HttpSocket socket_;
  std::string bytes_;  // Received, and not yet parsed.
  std::string text_;   // The body as far as it is not yet parsed.
  std::string last_id_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_EVENT_SOURCE_H_
