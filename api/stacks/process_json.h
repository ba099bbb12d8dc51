// Processes of stacks as JSON, and their entity tags.

#ifndef TALLYMAN_API_STACKS_PROCESS_JSON_H_
#define TALLYMAN_API_STACKS_PROCESS_JSON_H_

#include <string>
#include <string_view>

#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/stacks/stacks_envelope.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {

// What processes of `stack` are seen with. All of it must outlive the view.
struct ProcessView {
  const stacks::RegistrySnapshot& registry;
  const stacks::StatusSnapshot& status;
  const stacks::Stack& stack;
  const Redactor& redactor;
  // Only what is on this server is shown; "": all servers.
  std::string_view server_uid = {};
};

// Writes {"md5","name","command","servers":{server name: running}} and, below
// /api/3, what else there is to know. Secrets in the command and in lines of
// output are hidden; md5 is that of the whole command.
void WriteProcess(Mount mount, const ProcessView& view,
                  const stacks::DesiredProcess& process, JsonWriter& json);

// The strong entity tag of the process: that of all that /api/3 shows of it, on
// all servers, whatever the view and the mount are, and of its definition.
std::string ProcessEtag(const ProcessView& view,
                        const stacks::DesiredProcess& process);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_PROCESS_JSON_H_
