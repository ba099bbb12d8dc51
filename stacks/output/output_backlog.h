// Reads the lines of an output that come before those that a follower gets
// while they are written.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_BACKLOG_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_BACKLOG_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {

struct BacklogRange {
  // From here on, or the last `max_lines` lines.
  std::optional<OutputPosition> begin;
  OutputPosition end = 0;
  int64_t max_lines = 0;  // If there is no `begin`.
  int64_t max_bytes = 0;  // Above 0. Older lines are left out.
};

// Passes on the lines of `range`, oldest first. With a `begin`, a gap comes
// first if lines are missing. A last line without an end is passed on.
absl::Status ReadBacklog(const OutputLogs& logs, const InstanceKey& key,
                         const BacklogRange& range, OutputSink& sink);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_BACKLOG_H_
