// A client of the server's API: HTTP and JSON end here.

#ifndef TALLYMAN_TOOLS_HARNESS_API_CLIENT_H_
#define TALLYMAN_TOOLS_HARNESS_API_CLIENT_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tools/harness/http_connection.h"

namespace tallyman::harness {

struct ApiInstance {
  int64_t number = 0;
  std::string state;
  pid_t pid = 0;  // 0: none.
};

struct ApiProcess {
  std::string name;
  int64_t running = 0;  // The sum over all servers.
  int64_t desired = 0;
  std::vector<ApiInstance> instances;
};

struct ApiAction {
  int64_t id = 0;
  std::string kind;
  bool has_ended = false;
  bool success = false;
  std::string message;
};

struct ApiEvent {
  int64_t id = 0;
  std::string kind;
  std::string process;
  int64_t instance = 0;
  pid_t pid = 0;
  std::string cause;
  int64_t action_id = 0;
};

struct ProcessSpec {
  std::string name;
  std::string command;
  std::string stop_sequence = {};  // "": the server's default.
};

// Keeps one connection, and connects anew where that has been closed. Requests
// block. Movable; not thread-safe.
//
// Errors of all requests:
//   Unavailable         there is no connection; nothing was sent
//   Unknown             the connection broke, or the server answered 5xx: the
//                       request may or may not have had its effect
//   FailedPrecondition  the server refused, with 4xx
//   Internal            the answer is not that of this API
class ApiClient {
 public:
  // For a server on 127.0.0.1. Connects at the first request. `timeout` bounds
  // each wait for bytes of an answer.
  ApiClient(int port, std::string token,
            absl::Duration timeout = absl::Minutes(1))
      : port_(port), token_(std::move(token)), timeout_(timeout) {}

  // The body of the answer to a GET; `target` is sent as it is.
  absl::StatusOr<std::string> Get(std::string_view target);

  // The value of a new admin token, whose hourly limit is out of reach.
  absl::StatusOr<std::string> MakeToken();
  // The uid of a new stack in the environment "test".
  absl::StatusOr<std::string> MakeStack(std::string_view name,
                                        const std::vector<ProcessSpec>& specs);
  // The uid of the stack's server; Internal unless there is exactly one.
  absl::StatusOr<std::string> ServerUid(std::string_view stack_uid);

  absl::StatusOr<std::vector<ApiProcess>> Processes(std::string_view stack_uid);
  // Actions, or events, with an id greater than `after`, by id.
  absl::StatusOr<std::vector<ApiAction>> Actions(std::string_view stack_uid,
                                                 int64_t after);
  absl::StatusOr<std::vector<ApiEvent>> Events(std::string_view stack_uid,
                                               int64_t after);
  // Whether the action has ended; Aborted if it ended without success.
  absl::StatusOr<bool> HasSucceeded(std::string_view stack_uid,
                                    int64_t action_id);

  // Each returns the id of the new action.
  //
  // Sets the desired count. `idempotency_key`: "" for none.
  absl::StatusOr<int64_t> Scale(std::string_view stack_uid,
                                std::string_view server_uid,
                                std::string_view process, int64_t count,
                                std::string_view idempotency_key = "");
  // `command`: "process_restart", "process_pause", "process_resume".
  absl::StatusOr<int64_t> Run(std::string_view stack_uid,
                              std::string_view command,
                              std::string_view process);
  absl::StatusOr<int64_t> DeleteStack(std::string_view stack_uid);

 private:
  using Json = nlohmann::json;

  // The body of a 2xx answer.
  absl::StatusOr<std::string> Send(std::string_view method,
                                   std::string_view target,
                                   std::vector<std::string> headers,
                                   std::optional<std::string_view> body);
  // The envelope of an answer of the API; `path` is below its mount. A null
  // `body` is none.
  absl::StatusOr<Json> Request(std::string_view method, std::string_view path,
                               const Json& body,
                               std::vector<std::string> headers = {});
  // The id in the answer.
  absl::StatusOr<int64_t> Change(std::string_view method, std::string_view path,
                                 const Json& body,
                                 std::vector<std::string> headers = {});
  // The items of a list, newest first on the wire, down to the id `after`.
  absl::StatusOr<std::vector<Json>> ReadNewer(std::string_view path,
                                              int64_t after);

  int port_;
  std::string token_;
  absl::Duration timeout_;
  std::optional<HttpConnection> connection_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_API_CLIENT_H_
