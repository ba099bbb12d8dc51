#include "server/handlers/stack_responses.h"

#include "absl/status/statusor.h"
#include "api/http/error.h"
#include "api/json/json_writer.h"
#include "api/stacks/action_json.h"
#include "api/stacks/preview_json.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"

namespace tallyman::server {

HandlerResult RenderAction(const StackServices& services,
                           const RequestContext& context,
                           const absl::StatusOr<stacks::Action>& action) {
  if (!action.ok()) return api::ErrorFromStatus(action.status());
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteAction(*action, services.redactor, json);
  });
}

HandlerResult RenderPreview(const RequestContext& context,
                            const stacks::Preview& preview,
                            const stacks::RegistrySnapshot& registry) {
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WritePreview(preview, registry, json);
  });
}

}  // namespace tallyman::server
