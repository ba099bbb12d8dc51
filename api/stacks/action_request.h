// The request to do something to the processes of a stack.

#ifndef TALLYMAN_API_STACKS_ACTION_REQUEST_H_
#define TALLYMAN_API_STACKS_ACTION_REQUEST_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "api/http/http.h"

namespace tallyman::api {

struct ActionRequest {
  enum class Command : uint8_t {
    kRestart,         // restart: the whole stack
    kProcessRestart,  // process_restart
    kProcessPause,    // process_pause
    kProcessResume,   // process_resume
  };
  Command command = Command::kRestart;
  std::string process_name;  // "": all processes
  std::string server_uid;    // "": all servers
};

// Reads `command`, `process_name` and `server_uid` from the query, a form body
// or a JSON body (all of them strings), whose type must be a supported one
// (HasSupportedBodyType in request_fields.h). The commands process_* need a
// process, a server, or both; restart takes no process. Whether they exist is
// for the caller to see. InvalidArgument begins with the field that is wrong.
absl::StatusOr<ActionRequest> ParseActionRequest(const Request& request);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_ACTION_REQUEST_H_
