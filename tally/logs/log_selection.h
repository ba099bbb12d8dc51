// The instances whose output `tally logs` shows.

#ifndef TALLYMAN_TALLY_LOGS_LOG_SELECTION_H_
#define TALLYMAN_TALLY_LOGS_LOG_SELECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/client/api.h"
#include "tally/commands/stack_lookup.h"

namespace tallyman::tally {

// A process of the stack, and its chosen instances.
struct LogSource {
  std::string process;
  // False: `instances` are those that are present, and later ones count too.
  bool is_exact = false;
  std::vector<int64_t> instances;  // Ascending.
};

// `names`: "worker" or "worker.2"; a process that is called "worker.2" counts
// more than an instance. None: all processes of the stack. In the order of the
// stack, each process once. NotFound lists the processes. Does not check that
// an instance exists.
absl::StatusOr<std::vector<LogSource>> SelectLogs(
    Api& api, const StackRef& stack, const std::vector<std::string>& names);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_LOGS_LOG_SELECTION_H_
