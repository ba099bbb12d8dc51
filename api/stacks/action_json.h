// Actions as JSON.

#ifndef TALLYMAN_API_STACKS_ACTION_JSON_H_
#define TALLYMAN_API_STACKS_ACTION_JSON_H_

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "stacks/model/registry.h"

namespace tallyman::api {

extern const Schema kActionSchema;

// `redactor` hides secrets in the message, which may quote output of a process.
void WriteAction(const stacks::Action& action, const Redactor& redactor,
                 JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_ACTION_JSON_H_
