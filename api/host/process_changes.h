// How a list of processes differs from the list of the same query before it.
//
//   WatchedProcesses watched(query.keys());
//   watched.Update(*lister.List(platform_query));  // All have entered.
//   const ProcessChanges& changes =
//       watched.Update(*lister.List(platform_query));

#ifndef TALLYMAN_API_HOST_PROCESS_CHANGES_H_
#define TALLYMAN_API_HOST_PROCESS_CHANGES_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::api {

// Whether `key` is one of the two that identify a process: pid and start_time.
bool IsIdentityKey(const ProcessKey& key);

// `keys` and those that identify a process, in the order of the output.
std::vector<const ProcessKey*> WithIdentityKeys(
    absl::Span<const ProcessKey* const> keys);

// A process of both lists, of which some keys have other values.
struct ProcessChange {
  const platform::Process* process = nullptr;  // As it is now.
  std::vector<const ProcessKey*> keys;         // Those that changed.
};

// Each part by ascending pid. A pid that is used again is in two parts: the
// process that had it is gone, and the one that has it has entered.
struct ProcessChanges {
  std::vector<const platform::Process*> entered;
  std::vector<ProcessChange> changed;
  std::vector<const platform::Process*> gone;  // As they were.

  bool empty() const {
    return entered.empty() && changed.empty() && gone.empty();
  }
};

// Compares `before` and `after`, both by ascending pid. A process is the same
// if pid and start are (Process::start_ticks). A key has changed if its order
// (ProcessKey::less) has; keys that identify a process are not compared. The
// result points into both lists.
ProcessChanges CompareProcesses(absl::Span<const platform::Process> before,
                                const ProcessOwners& before_owners,
                                absl::Span<const platform::Process> after,
                                const ProcessOwners& after_owners,
                                absl::Span<const ProcessKey* const> keys);

// The latest list of a query, and its differences from the one before. Not
// thread-safe.
class WatchedProcesses {
 public:
  // The keys to compare.
  explicit WatchedProcesses(std::vector<const ProcessKey*> keys)
      : keys_(std::move(keys)) {}
  // The changes point into the lists.
  WatchedProcesses(const WatchedProcesses&) = delete;
  WatchedProcesses& operator=(const WatchedProcesses&) = delete;

  // Replaces the list by `snapshot`, in any order, which must have the field
  // kStartTime, and its owners; null: no process belongs to an instance. The
  // result is valid until the next call.
  //
  // A process keeps the start time that it was first seen with: the system
  // computes that from the wall clock, and setting the clock would change it,
  // and with it the identity that clients know the process by.
  const ProcessChanges& Update(
      platform::ProcessSnapshot snapshot,
      std::shared_ptr<const ProcessOwners> owners = nullptr);

  // By ascending pid; empty before the first Update().
  absl::Span<const platform::Process> processes() const {
    return latest_.processes;
  }
  const ProcessOwners& owners() const { return latest_.Owners(); }
  // When the scan of the list began.
  absl::Time taken_at() const { return latest_.taken_at; }

 private:
  struct List {
    const ProcessOwners& Owners() const {
      return owners == nullptr ? ProcessOwners::None() : *owners;
    }

    std::vector<platform::Process> processes;
    std::shared_ptr<const ProcessOwners> owners;
    std::optional<platform::ProcessSnapshot> storage;  // Owns their strings.
    absl::Time taken_at = absl::InfinitePast();
  };

  const std::vector<const ProcessKey*> keys_;
  List latest_;
  List previous_;  // Which changes_.gone points into.
  ProcessChanges changes_;
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_CHANGES_H_
