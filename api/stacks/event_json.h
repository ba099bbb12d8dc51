// Events of stacks and the output of their instances as JSON.

#ifndef TALLYMAN_API_STACKS_EVENT_JSON_H_
#define TALLYMAN_API_STACKS_EVENT_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "stacks/model/event.h"

namespace tallyman::api {

// What does not apply to an event is null. Secrets in its cause are hidden.
void WriteEvent(const stacks::Event& event, const Redactor& redactor,
                JsonWriter& json);

// The last lines of an instance's output, oldest first.
struct InstanceOutput {
  std::string_view process;
  std::string_view server;  // Its name.
  int64_t instance = 0;
  std::vector<std::string> lines;
};

// Secrets in the lines are hidden.
void WriteInstanceOutput(const InstanceOutput& output, const Redactor& redactor,
                         JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_EVENT_JSON_H_
