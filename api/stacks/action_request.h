// The request to restart, pause, resume or signal processes of a stack.

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
extern const Parameter kActionInstanceParameter;
extern const Parameter kSignalParameter;

struct ActionRequest {
  enum class Command : uint8_t {
    kRestart,         // restart: the whole stack
    kProcessRestart,  // process_restart
    kProcessPause,    // process_pause
    kProcessResume,   // process_resume
    kProcessSignal,   // process_signal
  };
  Command command = Command::kRestart;
  std::string process_name;  // "": all processes
  std::string server_uid;    // "": all servers
  int64_t instance = 0;      // 0: all instances
  std::string signal;        // Of kProcessSignal only: "HUP".
};

// Reads `command`, `process_name`, `server_uid`, `instance` and `signal` from
// the query, a form body or a JSON body, which must have a supported type
// (HasSupportedBodyType() in request_fields.h). The commands process_* need a
// process, a server, or both; an instance and process_signal need a process;
// process_signal needs a signal, one of stacks::kProgramSignals, and no other
// command takes one; restart takes neither process nor instance. Does not check
// that they exist: the registry does. InvalidArgument begins with the wrong
// field.
absl::StatusOr<ActionRequest> ParseActionRequest(const Request& request);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_ACTION_REQUEST_H_
