// What the driver asks the server: HTTP and JSON end here.

#ifndef TALLYMAN_TOOLS_CHAOS_API_CLIENT_H_
#define TALLYMAN_TOOLS_CHAOS_API_CLIENT_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace tallyman::chaos {

struct ApiInstance {
  int64_t number = 0;
  std::string state;
  pid_t pid = 0;  // 0: none
};

struct ApiProcess {
  std::string name;
  int64_t running = 0;  // On all servers; there is one.
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
  std::string stop_sequence;
};

// The answer to a request that changes something.
struct Reply {
  enum class Kind {
    kTaken,    // The server said so.
    kRefused,  // It said no.
    kUnknown,  // The connection broke, or the server failed, meanwhile.
    kNotSent,  // There was no connection.
  };
  Kind kind = Kind::kUnknown;
  int64_t action_id = 0;  // kTaken
  std::string what;       // Otherwise: why.
};

// Not thread-safe. Errors of what reads are Unavailable when there is no
// answer, and Internal when it is none that can be understood.
class ApiClient {
 public:
  ApiClient(int port, std::string token);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // A token without the usual limit of requests.
  absl::StatusOr<std::string> MakeToken();
  // The new stack's uid.
  absl::StatusOr<std::string> MakeStack(const std::vector<ProcessSpec>& specs);
  absl::StatusOr<std::string> ServerUid(std::string_view stack_uid);

  absl::StatusOr<std::vector<ApiProcess>> Processes(std::string_view stack_uid);
  // Those with a greater id, by id.
  absl::StatusOr<std::vector<ApiAction>> Actions(std::string_view stack_uid,
                                                 int64_t after);
  absl::StatusOr<std::vector<ApiEvent>> Events(std::string_view stack_uid,
                                               int64_t after);

  Reply Scale(std::string_view stack_uid, std::string_view server_uid,
              std::string_view process, int64_t count,
              const std::string& idempotency_key);
  // "process_restart", "process_pause", "process_resume".
  Reply Run(std::string_view stack_uid, std::string_view command,
            std::string_view process);
  Reply DeleteStack(std::string_view stack_uid);

 private:
  struct Connection;

  absl::StatusOr<nlohmann::json> Get(const std::string& path);
  absl::StatusOr<nlohmann::json> Post(const std::string& path,
                                      const nlohmann::json& body);
  Reply Change(std::string_view method, const std::string& path,
               const nlohmann::json& body, const std::string& idempotency_key);
  // Items of a list whose newest come first, up to the id `after`; by id.
  absl::StatusOr<std::vector<nlohmann::json>> Newer(const std::string& path,
                                                    int64_t after);

  std::unique_ptr<Connection> connection_;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_API_CLIENT_H_
