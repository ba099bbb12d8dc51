#include "api/host/process_changes.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/types/span.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::api {
namespace {

using platform::Process;

bool PidLess(const Process& a, const Process& b) { return a.pid < b.pid; }

// Calls `on_gone`, `on_entered` and `on_both` for the processes of two lists
// by ascending pid.
template <typename Before, typename After, typename OnGone, typename OnEntered,
          typename OnBoth>
void Merge(Before& before, After& after, OnGone on_gone, OnEntered on_entered,
           OnBoth on_both) {
  size_t i = 0;
  size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (j == after.size() ||
        (i < before.size() && before[i].pid < after[j].pid)) {
      on_gone(before[i++]);
    } else if (i == before.size() || after[j].pid < before[i].pid) {
      on_entered(after[j++]);
    } else if (before[i].start_ticks != after[j].start_ticks) {
      on_gone(before[i++]);
      on_entered(after[j++]);
    } else {
      on_both(before[i++], after[j++]);
    }
  }
}

}  // namespace

bool IsIdentityKey(const ProcessKey& key) {
  return key.name == "pid" || key.name == "start_time";
}

std::vector<const ProcessKey*> WithIdentityKeys(
    absl::Span<const ProcessKey* const> keys) {
  std::vector<const ProcessKey*> all;
  for (const ProcessKey& key : ProcessKeys()) {
    if (IsIdentityKey(key) || absl::c_linear_search(keys, &key)) {
      all.push_back(&key);
    }
  }
  return all;
}

ProcessChanges CompareProcesses(absl::Span<const Process> before,
                                const ProcessOwners& before_owners,
                                absl::Span<const Process> after,
                                const ProcessOwners& after_owners,
                                absl::Span<const ProcessKey* const> keys) {
  std::vector<const ProcessKey*> compared;
  for (const ProcessKey* const key : keys) {
    if (!IsIdentityKey(*key)) compared.push_back(key);
  }
  ProcessChanges changes;
  std::vector<const ProcessKey*> changed;
  Merge(
      before, after,
      [&](const Process& process) { changes.gone.push_back(&process); },
      [&](const Process& process) { changes.entered.push_back(&process); },
      [&](const Process& old_one, const Process& new_one) {
        changed.clear();
        for (const ProcessKey* const key : compared) {
          if (key->less(old_one, before_owners, new_one, after_owners) ||
              key->less(new_one, after_owners, old_one, before_owners)) {
            changed.push_back(key);
          }
        }
        if (!changed.empty()) {
          changes.changed.push_back({.process = &new_one, .keys = changed});
        }
      });
  return changes;
}

const ProcessChanges& WatchedProcesses::Update(
    platform::ProcessSnapshot snapshot,
    std::shared_ptr<const ProcessOwners> owners) {
  previous_ = std::move(latest_);
  const absl::Span<const Process> listed = snapshot.processes();
  latest_.processes.assign(listed.begin(), listed.end());
  if (!absl::c_is_sorted(latest_.processes, PidLess)) {
    absl::c_sort(latest_.processes, PidLess);
  }
  latest_.owners = std::move(owners);
  latest_.taken_at = snapshot.taken_at();
  latest_.storage.emplace(std::move(snapshot));
  Merge(
      previous_.processes, latest_.processes, [](const Process&) {},
      [](const Process&) {},
      [](const Process& old_one, Process& new_one) {
        new_one.start_time = old_one.start_time;
      });
  changes_ = CompareProcesses(previous_.processes, previous_.Owners(),
                              latest_.processes, latest_.Owners(), keys_);
  return changes_;
}

}  // namespace tallyman::api
