// The output of an instance as JSON.

#ifndef TALLYMAN_API_STACKS_OUTPUT_JSON_H_
#define TALLYMAN_API_STACKS_OUTPUT_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {

// The last lines of output of an instance, oldest first.
struct InstanceOutput {
  std::string_view process;
  std::string_view server;  // Its name.
  int64_t instance = 0;
  std::vector<std::string> lines;
};

extern const Schema kInstanceOutputSchema;

// `redactor` hides secrets in the lines.
void WriteInstanceOutput(const InstanceOutput& output, const Redactor& redactor,
                         JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_OUTPUT_JSON_H_
