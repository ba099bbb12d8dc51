#include "platform/linux/user_names.h"

#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::platform {
namespace {

constexpr std::chrono::nanoseconds kMaxAge = std::chrono::minutes(1);

// Bytes for the strings of an entry; getpwuid_r(3) asks for more by ERANGE.
constexpr size_t kFirstBuffer = 1024;
constexpr size_t kLastBuffer = size_t{1} << 20;

int64_t SteadyNanoseconds() {
  const std::chrono::nanoseconds elapsed =
      std::chrono::steady_clock::now().time_since_epoch();
  return elapsed.count();
}

}  // namespace

std::string SystemUserName(uint32_t uid) {
  for (size_t size = kFirstBuffer; size <= kLastBuffer; size *= 4) {
    std::vector<char> buffer(size);
    passwd entry{};
    passwd* found = nullptr;
    const int error =
        getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return "";
    return found->pw_name;
  }
  return "";
}

UserNames::UserNames(Lookup lookup)
    : lookup_(lookup ? std::move(lookup) : SystemUserName) {}

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
