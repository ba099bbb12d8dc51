// A client of the API on one connection that is kept.

#ifndef TALLYMAN_TOOLS_BENCH_API_CLIENT_H_
#define TALLYMAN_TOOLS_BENCH_API_CLIENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/http_socket.h"

namespace tallyman::bench {

// Requests block, for a minute at most. After an error of the connection it is
// of no use any more. Not thread-safe. Movable.
class ApiClient {
 public:
  // To a server on 127.0.0.1.
  static absl::StatusOr<ApiClient> Connect(int port, std::string token);

  // The body of the answer; an error with it unless its status is 2xx.
  absl::StatusOr<std::string> Get(std::string_view target);
  absl::StatusOr<std::string> Post(std::string_view target,
                                   std::string_view json);

  // The value of a new admin token, with the largest limit.
  absl::StatusOr<std::string> MakeToken();

  // Makes a stack with one process that runs `command`; its uid.
  absl::StatusOr<std::string> CreateStack(std::string_view command);

  // Makes the stack that `json` describes; its uid.
  absl::StatusOr<std::string> CreateStackOf(std::string_view json);

  // The uid of the server, which is the only one.
  absl::StatusOr<std::string> ServerUid(std::string_view stack_uid);

  // The id of the action that makes it `count` instances.
  absl::StatusOr<int64_t> Scale(std::string_view stack_uid,
                                std::string_view server_uid, int64_t count);

  // Whether the action has ended; an error if without success.
  absl::StatusOr<bool> HasFinished(std::string_view stack_uid,
                                   int64_t action_id);

 private:
  ApiClient(HttpSocket socket, std::string token)
      : socket_(std::move(socket)), token_(std::move(token)) {}

  absl::StatusOr<std::string> Request(std::string_view method,
                                      std::string_view target,
                                      std::optional<std::string_view> json);
  // Appends what comes to `received_`.
  absl::Status ReceiveMore();

  HttpSocket socket_;
  std::string token_;
  std::string received_;  // And not used yet.
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_API_CLIENT_H_
