// Which processes are shown, in which order: a list, or a tree with sums.
//
// Example: tally/processes/arrange_test.cc

#ifndef TALLYMAN_TALLY_PROCESSES_ARRANGE_H_
#define TALLYMAN_TALLY_PROCESSES_ARRANGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tally/processes/process_filter.h"
#include "tally/processes/process_record.h"

namespace tallyman::tally {

// A key of the API, or "cpu" or "age".
struct ProcessOrder {
  std::string key = "pid";
  bool descending = false;
};

// "-memory" is descending.
ProcessOrder ParseOrder(std::string_view text);

// The keys of the API that an order reads.
std::vector<std::string> FieldsOf(const ProcessOrder& order);

struct Arrangement {
  ProcessFilter filter;
  ProcessOrder order;
  // Children stand below their parents, and ancestors of matching processes
  // stay. Memory and CPU are sorted by the sums over descendants.
  bool is_tree = false;
  // The records are in this order.
  bool is_sorted = false;
  size_t limit = 0;  // 0: none. Ancestors count.
};

// The records to show; the pointers are into `records`, whose fields of the
// arrangement it sets. What is unknown stands last. A tree needs `ppid`.
std::vector<const ProcessRecord*> Arrange(std::vector<ProcessRecord>& records,
                                          const Arrangement& arrangement);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_PROCESSES_ARRANGE_H_
