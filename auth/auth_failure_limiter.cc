#include "auth/auth_failure_limiter.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "platform/base/ip_text.h"

namespace tallyman::auth {
namespace {

constexpr size_t kPrefixBytes = 8;  // a /64
constexpr size_t kMaxTextBytes = 64;

// The key of the bucket of `address`.
std::string BucketKey(std::string_view address) {
  // Without its zone ("fe80::1%eth0").
  const auto v6 =
      base::ParseIpv6(std::string(address.substr(0, address.find('%'))));
  if (!v6) return absl::StrCat("text:", address.substr(0, kMaxTextBytes));
  if (const auto v4 = base::MappedIpv4(*v6)) {
    return absl::StrCat("text:", base::IpText(*v4));
  }
  return absl::StrCat(
      "v6:", std::string_view(reinterpret_cast<const char*>(v6->data()),
                              kPrefixBytes));
}

}  // namespace

AuthFailureLimiter::AuthFailureLimiter(const Clock& clock,
                                       const AuthFailureLimiterOptions& options)
    : clock_(clock), options_(options) {}

absl::Duration AuthFailureLimiter::RecordFailure(std::string_view address) {
  std::string key = BucketKey(address);
  const absl::Duration now = clock_.Elapsed();
  absl::MutexLock lock(&mutex_);
  const auto [entry, is_new] = by_key_.try_emplace(key);
  if (is_new) {
    buckets_.push_front({.key = std::move(key), .empty_at = now});
    entry->second = buckets_.begin();
  } else {
    buckets_.splice(buckets_.begin(), buckets_, entry->second);
  }
  if (buckets_.size() > std::max<size_t>(options_.max_addresses, 1)) {
    by_key_.erase(buckets_.back().key);
    buckets_.pop_back();
  }

  Bucket& bucket = buckets_.front();
  const absl::Duration empty_at =
      std::max(bucket.empty_at, now) + options_.interval;
  // When the bucket has room for this failure.
  const absl::Duration room_at = empty_at - options_.interval * options_.burst;
  if (room_at > now) return room_at - now;
  bucket.empty_at = empty_at;
  return absl::ZeroDuration();
}

}  // namespace tallyman::auth
