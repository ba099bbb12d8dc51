// The output of an instance as JSON.

#ifndef TALLYMAN_API_STACKS_OUTPUT_JSON_H_
#define TALLYMAN_API_STACKS_OUTPUT_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"

namespace tallyman::api {

inline constexpr std::string_view kPlainTextType = "text/plain";

// When a line was written: after `after`, InfinitePast if that is unknown, and
// not after `seen`.
struct LineTime {
  absl::Time after = absl::InfinitePast();
  absl::Time seen = absl::InfiniteFuture();
};

// The last lines of output of an instance, oldest first.
struct InstanceOutput {
  std::string_view process;
  std::string_view server;  // Its name.
  int64_t instance = 0;
  std::vector<std::string> lines;
  // Whether they are shown, and then one for each line.
  bool has_times = false;
  std::vector<LineTime> times = {};
};

extern const Schema kInstanceOutputSchema;
extern const Schema kOutputTextSchema;

// `redactor` hides secrets in the lines.
void WriteInstanceOutput(const InstanceOutput& output, const Redactor& redactor,
                         JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_OUTPUT_JSON_H_
