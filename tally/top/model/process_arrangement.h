// Which processes are shown, in which order: a list, or a tree with sums. As on
// the page (server/page/processes/arrange.js).

#ifndef TALLYMAN_TALLY_TOP_MODEL_PROCESS_ARRANGEMENT_H_
#define TALLYMAN_TALLY_TOP_MODEL_PROCESS_ARRANGEMENT_H_

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_search.h"
#include "tally/top/model/process_table.h"

namespace tallyman::tally {

struct Arrangement {
  ProcessSearch search;
  SortOrder order;
  bool is_tree = false;
  // The order stays as it is; new processes come last.
  bool is_held = false;
  // Processes of the tree whose children are hidden.
  absl::flat_hash_set<ProcessId> closed;
};

// Sorts the records in place and returns those to show. In a tree these are the
// matching ones and their ancestors. Unknown values come last.
std::vector<ProcessRecord*> Arrange(const Arrangement& arrangement,
                                    const StackNames& names,
                                    std::vector<ProcessRecord*>& records);

// Makes the present order the one to hold.
void HoldOrder(const std::vector<ProcessRecord*>& records);

// Sums over the matching processes.
struct ProcessSummary {
  int64_t count = 0;
  int64_t all = 0;  // Without the search.
  int64_t running = 0;
  int64_t threads = 0;
  int64_t memory = 0;  // Bytes.
  double share = std::numeric_limits<double>::quiet_NaN();
};
ProcessSummary Summarize(const std::vector<ProcessRecord*>& records);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_PROCESS_ARRANGEMENT_H_
