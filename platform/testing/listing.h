// Helpers for tests of the process lister.

#ifndef TALLYMAN_PLATFORM_TESTING_LISTING_H_
#define TALLYMAN_PLATFORM_TESTING_LISTING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::platform {

// Lists the tree at `root` with a new lister, for which user 1000 is "jblow"
// and other users have no names. Dies (CHECK) on an error.
inline ProcessSnapshot ListAt(const std::string& root,
                              const ProcessQuery& query = {},
                              int max_threads = 0) {
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister = ProcessLister::Create(
      {.proc_root = root,
       .max_threads = max_threads,
       .user_name = [](uint32_t uid) {
         return uid == 1000 ? std::string("jblow") : std::string();
       }});
  CHECK_OK(lister);
  absl::StatusOr<ProcessSnapshot> snapshot = (*lister)->List(query);
  CHECK_OK(snapshot);
  return *std::move(snapshot);
}

// The pids in the order of the list.
inline std::vector<int32_t> Pids(const ProcessSnapshot& snapshot) {
  std::vector<int32_t> pids;
  for (const Process& process : snapshot.processes()) {
    pids.push_back(process.pid);
  }
  return pids;
}

// The process `pid`; null if it is not in the list.
inline const Process* Find(const ProcessSnapshot& snapshot, int32_t pid) {
  for (const Process& process : snapshot.processes()) {
    if (process.pid == pid) return &process;
  }
  return nullptr;
}

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_LISTING_H_
