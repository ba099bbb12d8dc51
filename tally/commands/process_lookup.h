// The process, or the instance, that a command is about.

#ifndef TALLYMAN_TALLY_COMMANDS_PROCESS_LOOKUP_H_
#define TALLYMAN_TALLY_COMMANDS_PROCESS_LOOKUP_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/actions/process_view.h"
#include "tally/client/api.h"
#include "tally/commands/stack_lookup.h"

namespace tallyman::tally {

absl::StatusOr<std::vector<ProcessView>> AllProcesses(Api& api,
                                                      const StackRef& stack);

struct ProcessTarget {
  ProcessView process;
  int64_t instance = 0;  // 0: all of them.
};

// Reads "NAME", or "NAME.N" for one instance; names may contain dots, and a
// process with the whole name wins. NotFound lists the processes.
absl::StatusOr<ProcessTarget> FindProcess(
    const std::vector<ProcessView>& processes, std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PROCESS_LOOKUP_H_
