// Names of the accounts that own processes, cached between lists.

#ifndef TALLYMAN_PLATFORM_WINDOWS_ACCOUNT_NAMES_H_
#define TALLYMAN_PLATFORM_WINDOWS_ACCOUNT_NAMES_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {

// A cache of account names by SID. It expires after a minute, since accounts
// are renamed. SIDs without a name are cached as well: their lookup may wait
// for a server of the domain. Thread-safe.
class AccountNames {
 public:
  using Clock = std::function<std::chrono::nanoseconds()>;

  static constexpr std::chrono::nanoseconds kMaxAge = std::chrono::minutes(1);

  // `system` must outlive the object. `now` is a steady clock; null means
  // std::chrono::steady_clock.
  explicit AccountNames(WindowsSystem& system, Clock now = nullptr);

  // Empties the cache if it has expired. Call once before a list.
  void Refresh() ABSL_LOCKS_EXCLUDED(mutex_);

  // The name of the account with this SID, in UTF-8 and without its domain; the
  // text of the SID ("S-1-5-21-...") if it has no name or the lookup fails; ""
  // if `sid` is no SID.
  //
  // Task Manager shows the name without the domain as well (tasklist /V shows
  // "DOMAIN\name"). Users are named alike on all systems this way, so a query
  // for the processes of "jblow" serves for Linux and Windows.
  std::string Name(std::string_view sid) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  WindowsSystem& system_;
  const Clock now_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::string> names_ ABSL_GUARDED_BY(mutex_);
  std::chrono::nanoseconds expires_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_ACCOUNT_NAMES_H_
