// What a change of a stack would do, as JSON.

#ifndef TALLYMAN_API_STACKS_PREVIEW_JSON_H_
#define TALLYMAN_API_STACKS_PREVIEW_JSON_H_

#include "absl/status/statusor.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"

namespace tallyman::api {

// In the query of the requests that change a stack.
extern const Parameter kDryRunParameter;

// InvalidArgument if the value is none of the parameter.
absl::StatusOr<bool> ParseDryRun(const Params& params);

extern const Schema kPreviewSchema;
// Of a request that answers with an action: that, or a preview.
extern const Schema kActionOrPreviewSchema;

// `registry` names the servers.
void WritePreview(const stacks::Preview& preview,
                  const stacks::RegistrySnapshot& registry, JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_PREVIEW_JSON_H_
