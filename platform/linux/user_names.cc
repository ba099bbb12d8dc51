#include "platform/linux/user_names.h"

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/system_user_name.h"

namespace tallyman::platform {
namespace {

constexpr std::chrono::nanoseconds kMaxAge = std::chrono::minutes(1);

int64_t SteadyNanoseconds() {
  const std::chrono::nanoseconds elapsed =
      std::chrono::steady_clock::now().time_since_epoch();
  return elapsed.count();
}

}  // namespace

UserNames::UserNames(Lookup lookup)
    : lookup_(lookup ? std::move(lookup) : base::SystemUserName) {}

UserNames::Version UserNames::CurrentVersion() {
  struct stat file {};
  if (stat("/etc/passwd", &file) != 0) return {};
  return {.inode = file.st_ino,
          .size = file.st_size,
          .modified = absl::TimeFromTimespec(file.st_mtim)};
}

void UserNames::Refresh() {
  const Version version = CurrentVersion();
  const int64_t now = SteadyNanoseconds();
  const absl::MutexLock lock(&mutex_);
  if (version == version_ && now < expires_ns_) return;
  names_.clear();
  version_ = version;
  expires_ns_ = now + kMaxAge.count();
}

std::string UserNames::Name(uint32_t uid) {
  {
    const absl::MutexLock lock(&mutex_);
    const auto known = names_.find(uid);
    if (known != names_.end()) return known->second;
  }
  // Without the lock: the user database may be on another machine.
  std::string name = lookup_(uid);
  if (name.empty()) name = absl::StrCat(uid);
  const absl::MutexLock lock(&mutex_);
  return names_.try_emplace(uid, std::move(name)).first->second;
}

}  // namespace tallyman::platform
