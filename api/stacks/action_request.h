// The request to restart, pause or resume processes of a stack.

#ifndef TALLYMAN_API_STACKS_ACTION_REQUEST_H_
#define TALLYMAN_API_STACKS_ACTION_REQUEST_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/http.h"

namespace tallyman::api {

// The body as JSON and as a form, and the same fields as parameters.
extern const Schema kActionRequestSchema;
extern const Parameter kCommandParameter;
extern const Parameter kActionProcessNameParameter;
extern const Parameter kActionServerUidParameter;

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

// Reads the strings `command`, `process_name` and `server_uid` from the query,
// a form body or a JSON body, which must have a supported type
// (HasSupportedBodyType() in request_fields.h). The commands process_* need a
// process, a server, or both; restart takes no process. Does not check that
// they exist: the registry does. InvalidArgument begins with the wrong field.
absl::StatusOr<ActionRequest> ParseActionRequest(const Request& request);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_ACTION_REQUEST_H_
