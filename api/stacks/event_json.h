// Events of stacks as JSON.

#ifndef TALLYMAN_API_STACKS_EVENT_JSON_H_
#define TALLYMAN_API_STACKS_EVENT_JSON_H_

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "stacks/model/event.h"

namespace tallyman::api {

extern const Schema kEventSchema;

// Fields that do not apply to the event are null. `redactor` hides secrets in
// its cause.
void WriteEvent(const stacks::Event& event, const Redactor& redactor,
                JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_EVENT_JSON_H_
