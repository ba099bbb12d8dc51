// Stacks and servers as JSON.

#ifndef TALLYMAN_API_STACKS_STACK_JSON_H_
#define TALLYMAN_API_STACKS_STACK_JSON_H_

#include <string_view>

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"

namespace tallyman::api {

extern const Schema kStackSchema;
extern const Schema kServerSchema;

// `status` has the numbers of published clients: 1 deployed, 2 failed, 6
// deploying.
void WriteStack(const stacks::Stack& stack, stacks::Health health,
                JsonWriter& json);

// A server as a part of the stack `stack_uid`.
void WriteServer(const stacks::Server& server, std::string_view stack_uid,
                 stacks::Health health, JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_STACK_JSON_H_
