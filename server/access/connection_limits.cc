#include "server/access/connection_limits.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "server/access/ip_prefix.h"

namespace tallyman::server {
namespace {

constexpr int kIpv6NetworkLength = 64;

}  // namespace

ConnectionLimits::ConnectionLimits(Options options)
    : options_(std::move(options)) {}

std::optional<IpAddress> ConnectionLimits::KeyOf(std::string_view peer) const {
  if (options_.max_connections_per_address == 0 ||
      absl::StartsWith(peer, "unix:")) {
    return std::nullopt;
  }
  const std::optional<IpAddress> address = IpAddress::Parse(peer);
  if (!address.has_value()) return IpAddress::FromBits(/*is_v4=*/false, 0);
  if (address->IsLoopback() || options_.exempt.Contains(*address)) {
    return std::nullopt;
  }
  return address->is_v4() ? *address : address->FirstBits(kIpv6NetworkLength);
}

ConnectionLimits::Admission ConnectionLimits::Admit(std::string_view peer) {
  const std::optional<IpAddress> key = KeyOf(peer);
  const absl::MutexLock lock(&mutex_);
  if (options_.max_connections != 0 && total_ >= options_.max_connections) {
    return {.verdict = Verdict::kTooMany};
  }
  if (key.has_value()) {
    // A new entry is below every limit.
    int64_t& count = counts_[*key];
    if (count >= options_.max_connections_per_address) {
      return {.verdict = Verdict::kTooManyOfAddress};
    }
    ++count;
  }
  ++total_;
  return {.verdict = Verdict::kOk, .ticket = Ticket(this, key)};
}

void ConnectionLimits::Remove(const std::optional<IpAddress>& key) {
  const absl::MutexLock lock(&mutex_);
  --total_;
  if (!key.has_value()) return;
  const auto entry = counts_.find(*key);
  if (--entry->second == 0) counts_.erase(entry);
}

void ConnectionLimits::Ticket::Release() {
  if (limits_ != nullptr) std::exchange(limits_, nullptr)->Remove(key_);
}

int64_t ConnectionLimits::total() const {
  const absl::MutexLock lock(&mutex_);
  return total_;
}

int64_t ConnectionLimits::addresses() const {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(counts_.size());
}

}  // namespace tallyman::server
