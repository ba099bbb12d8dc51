#include "server/webhooks/host_resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/text.h"

namespace tallyman::server {
namespace {

using Addresses = std::vector<std::string>;

// Lookups that the system's resolver has not answered yet; more are refused.
constexpr int kMaxRunning = 16;

absl::StatusOr<Addresses> LookUp(const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat(
        "no address of ", base::Quote(host), ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found,
                                                             &freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, INET6_ADDRSTRLEN> text = {};
    const void* bytes = nullptr;
    if (one->ai_family == AF_INET) {
      bytes = &reinterpret_cast<const sockaddr_in*>(one->ai_addr)->sin_addr;
    } else if (one->ai_family == AF_INET6) {
      bytes = &reinterpret_cast<const sockaddr_in6*>(one->ai_addr)->sin6_addr;
    }
    if (bytes != nullptr &&
        inet_ntop(one->ai_family, bytes, text.data(), text.size()) != nullptr) {
      addresses.emplace_back(text.data());
    }
  }
  if (addresses.empty()) {
    return absl::UnavailableError(
        absl::StrCat("no address of ", base::Quote(host)));
  }
  return addresses;
}

}  // namespace

struct HostResolver::Lookup {
  std::optional<absl::StatusOr<Addresses>> result;  // Guarded by Shared::mutex.
};

absl::StatusOr<Addresses> HostResolver::Resolve(const std::string& host,
                                                absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const auto lookup = std::make_shared<Lookup>();
  absl::MutexLock lock(&shared_->mutex);
  if (shared_->is_stopped) return absl::CancelledError("the server stops");
  if (shared_->running >= kMaxRunning) {
    return absl::UnavailableError("the system's resolver does not answer");
  }
  try {
    std::thread([shared = shared_, lookup, host] {
      absl::StatusOr<Addresses> result = LookUp(host);
      absl::MutexLock done(&shared->mutex);
      lookup->result = std::move(result);
      --shared->running;
      shared->changed.SignalAll();
    }).detach();
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no thread to look up a host: ", error.what()));
  }
  ++shared_->running;
  while (!lookup->result && !shared_->is_stopped) {
    if (shared_->changed.WaitWithDeadline(&shared_->mutex, deadline)) break;
  }
  if (lookup->result) return *std::move(lookup->result);
  if (shared_->is_stopped) return absl::CancelledError("the server stops");
  return absl::DeadlineExceededError(
      absl::StrCat("no address of ", base::Quote(host), " within ",
                   absl::FormatDuration(timeout)));
}

void HostResolver::Stop() {
  absl::MutexLock lock(&shared_->mutex);
  shared_->is_stopped = true;
  shared_->changed.SignalAll();
}

}  // namespace tallyman::server
