// Processes of stacks as JSON, and their entity tags.

#ifndef TALLYMAN_API_STACKS_PROCESS_JSON_H_
#define TALLYMAN_API_STACKS_PROCESS_JSON_H_

#include <string>
#include <string_view>

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/stacks/stacks_envelope.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {

// A process as WriteProcess() writes it in each mount.
extern const Schema kProcessSchema;
extern const Schema kProcessDetailsSchema;

// The snapshots and settings to render processes of `stack` with. They must
// outlive the view.
struct ProcessView {
  const stacks::RegistrySnapshot& registry;
  const stacks::StatusSnapshot& status;
  const stacks::Stack& stack;
  const Redactor& redactor;
  // Limits counts and instances to this server; "" means all servers.
  std::string_view server_uid = {};
};

// Writes {"md5","name","command","servers":{server name: running}}; below
// /api/3 also desired counts, state, instances and last exit. The redactor
// hides secrets in the command and in output; md5 is the hash of the full
// command. A new field belongs into WriteDetails() in process_json.cc.
void WriteProcess(Mount mount, const ProcessView& view,
                  const stacks::DesiredProcess& process, JsonWriter& json);

// The strong entity tag of the process. It covers the definition and everything
// that /api/3 shows on all servers, so it is the same for each mount and each
// `view.server_uid`.
std::string ProcessEtag(const ProcessView& view,
                        const stacks::DesiredProcess& process);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_PROCESS_JSON_H_
