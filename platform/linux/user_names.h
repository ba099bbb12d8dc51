// Names of user ids, cached between scans.

#ifndef TALLYMAN_PLATFORM_LINUX_USER_NAMES_H_
#define TALLYMAN_PLATFORM_LINUX_USER_NAMES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::platform {

// A cache of user names. It expires when /etc/passwd changes, and after a
// minute in any case, since the user database may be elsewhere
// (nsswitch.conf(5)). Thread-safe.
class UserNames {
 public:
  using Lookup = std::function<std::string(uint32_t uid)>;

  // A null `lookup` means base::SystemUserName.
  explicit UserNames(Lookup lookup);

  // Empties the cache if it has expired. Call once before a scan.
  void Refresh() ABSL_LOCKS_EXCLUDED(mutex_);

  // The name of `uid`, or its number where it has no name.
  std::string Name(uint32_t uid) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Identifies a version of /etc/passwd.
  struct Version {
    uint64_t inode = 0;
    int64_t size = 0;
    absl::Time modified;
    friend bool operator==(const Version& a, const Version& b) {
      return a.inode == b.inode && a.size == b.size && a.modified == b.modified;
    }
  };
  static Version CurrentVersion();

  const Lookup lookup_;
  absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, std::string> names_ ABSL_GUARDED_BY(mutex_);
  Version version_ ABSL_GUARDED_BY(mutex_);
  int64_t expires_ns_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_USER_NAMES_H_
