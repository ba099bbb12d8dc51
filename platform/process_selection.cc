#include "platform/process_selection.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "platform/process.h"

namespace tallyman::platform {
namespace {

template <typename Condition>
void RemoveUnless(Condition condition, std::vector<Process>& processes) {
  processes.erase(
      std::remove_if(processes.begin(), processes.end(),
                     [&](Process& process) { return !condition(process); }),
      processes.end());
}

void KeepPids(std::vector<int32_t> pids, std::vector<Process>& processes) {
  std::sort(pids.begin(), pids.end());
  RemoveUnless(
      [&pids](const Process& process) {
        return std::binary_search(pids.begin(), pids.end(), process.pid);
      },
      processes);
}

}  // namespace

std::vector<Process> SelectProcesses(const ProcessQuery& query,
                                     std::vector<Process> all,
                                     ProcessFields known, FillIn fill_in) {
  if (query.pids) KeepPids(*query.pids, all);
  ProcessFields decisive = DecisiveFields(query);
  // All of them are listed: nothing is decided, and each is read once.
  if (!query.condition && query.limit >= all.size()) decisive |= query.fields;
  const ProcessFields first = decisive.Without(known);
  const ProcessFields rest = query.fields.Without(known | decisive);
  const auto matches = [&](Process& process) {
    if (!first.empty() && !fill_in(process, first)) return false;
    return !query.condition || query.condition(process);
  };
  // The order needs all that match; otherwise the limit ends the search.
  if (query.order) {
    RemoveUnless(matches, all);
    std::stable_sort(all.begin(), all.end(), query.order);
  }
  std::vector<Process> found;
  for (Process& process : all) {
    if (found.size() >= query.limit) break;
    if (!query.order && !matches(process)) continue;
    if (!rest.empty() && !fill_in(process, rest)) continue;
    found.push_back(process);
  }
  return found;
}

}  // namespace tallyman::platform
