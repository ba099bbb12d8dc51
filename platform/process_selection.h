// The rules of a ProcessQuery, for a system that lists all processes with some
// of their fields in one call and has others one process at a time.

#ifndef TALLYMAN_PLATFORM_PROCESS_SELECTION_H_
#define TALLYMAN_PLATFORM_PROCESS_SELECTION_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "platform/process.h"

namespace tallyman::platform {

// Fills in `fields` of a process, as far as the system allows. False if the
// process has ended: it is left out.
using FillIn = absl::FunctionRef<bool(Process&, ProcessFields fields)>;

// The processes of `query`, in its order. `all` are the processes that exist,
// by ascending pid, with the fields `known`. Calls `fill_in` for nothing that
// the query does not need: at most twice for a process, each field once.
std::vector<Process> SelectProcesses(const ProcessQuery& query,
                                     std::vector<Process> all,
                                     ProcessFields known, FillIn fill_in);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_SELECTION_H_
