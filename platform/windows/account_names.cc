#include "platform/windows/account_names.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "platform/windows/sid.h"
#include "platform/windows/utf16.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

std::chrono::nanoseconds SteadyNow() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

AccountNames::AccountNames(WindowsSystem& system, Clock now)
    : system_(system),
      now_(now ? std::move(now) : SteadyNow),
      expires_(now_() + kMaxAge) {}

void AccountNames::Refresh() {
  const std::chrono::nanoseconds now = now_();
  const absl::MutexLock lock(&mutex_);
  if (now < expires_) return;
  names_.clear();
  expires_ = now + kMaxAge;
}

std::string AccountNames::Name(std::string_view sid) {
  {
    const absl::MutexLock lock(&mutex_);
    const auto known = names_.find(sid);
    if (known != names_.end()) return known->second;
  }
  std::optional<std::string> text = SidText(sid);
  if (!text) return "";
  // Without the lock: the lookup may ask another machine.
  std::string name;
  std::string utf16_name;
  if (system_.LookUpAccount(sid, utf16_name) == CallResult::kOk) {
    SetUtf8(utf16_name, name);
  }
  if (name.empty()) name = *std::move(text);
  const absl::MutexLock lock(&mutex_);
  return names_.try_emplace(std::string(sid), std::move(name)).first->second;
}

}  // namespace tallyman::platform
