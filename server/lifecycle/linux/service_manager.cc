#include "server/lifecycle/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/text.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

constexpr const char* kSocket = "NOTIFY_SOCKET";
constexpr const char* kWatchdogTime = "WATCHDOG_USEC";
constexpr const char* kWatchdogPid = "WATCHDOG_PID";

constexpr timeval kSendTimeout = {.tv_sec = 1, .tv_usec = 0};

std::optional<std::string> Take(const char* name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): see TakeNotifyVariables().
  std::optional<std::string> value;
  if (const char* const text = std::getenv(name); text != nullptr) value = text;
  unsetenv(name);
  // NOLINTEND(concurrency-mt-unsafe)
  return value;
}

absl::Status VariableError(const char* name, std::string_view value,
                           std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, "=", base::Quote(value), " ", reason));
}

struct Address {
  sockaddr_un address = {};
  socklen_t size = 0;
};

// A path, or "@" and a name of the abstract namespace (unix(7)).
absl::StatusOr<Address> ParseAddress(std::string_view text) {
  if (text.size() < 2 || (text[0] != '/' && text[0] != '@')) {
    return VariableError(kSocket, text, "is neither a path nor @NAME");
  }
  Address parsed;
  sockaddr_un& address = parsed.address;
  // A path ends with a zero byte.
  if (text.size() >= sizeof(address.sun_path)) {
    return VariableError(kSocket, text, "is too long for a Unix socket");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, text.data(), text.size());
  size_t size = offsetof(sockaddr_un, sun_path) + text.size();
  if (text[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++size;
  }
  parsed.size = static_cast<socklen_t>(size);
  return parsed;
}

absl::StatusOr<absl::Duration> WatchdogTime(const NotifyVariables& variables) {
  if (!variables.watchdog_usec) return absl::InfiniteDuration();
  int64_t microseconds = 0;
  if (!absl::SimpleAtoi(*variables.watchdog_usec, &microseconds) ||
      microseconds <= 0) {
    return VariableError(kWatchdogTime, *variables.watchdog_usec,
                         "is not a number of microseconds above 0");
  }
  if (variables.watchdog_pid) {
    int64_t pid = 0;
    if (!absl::SimpleAtoi(*variables.watchdog_pid, &pid) || pid <= 0) {
      return VariableError(kWatchdogPid, *variables.watchdog_pid,
                           "is not a pid");
    }
    // Meant for another process.
    if (pid != getpid()) return absl::InfiniteDuration();
  }
  return absl::Microseconds(microseconds);
}

}  // namespace

class ServiceManager::Impl {
 public:
  Impl(const Address& address, base::UniqueFd fd, OnError on_error)
      : address_(address), fd_(std::move(fd)), on_error_(std::move(on_error)) {}

  void Send(std::string_view message) const {
    ssize_t sent = 0;
    do {
      sent = sendto(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address_.address),
                    address_.size);
    } while (sent < 0 && errno == EINTR);
    const int error = errno;
    if (sent >= 0) {
      has_failed_.store(false);
    } else if (!has_failed_.exchange(true) && on_error_) {
      on_error_(absl::ErrnoToStatus(error, kSocket));
    }
  }

 private:
  const Address address_;
  const base::UniqueFd fd_;
  const OnError on_error_;
  mutable std::atomic<bool> has_failed_ = false;
};

NotifyVariables TakeNotifyVariables() {
  return {.socket = Take(kSocket),
          .watchdog_usec = Take(kWatchdogTime),
          .watchdog_pid = Take(kWatchdogPid)};
}

absl::StatusOr<ServiceManager> ServiceManager::Create(
    const NotifyVariables& variables, OnError on_error) {
  ServiceManager manager;
  if (!variables.socket) return manager;
  const absl::StatusOr<Address> address = ParseAddress(*variables.socket);
  if (!address.ok()) return address.status();
  const absl::StatusOr<absl::Duration> time = WatchdogTime(variables);
  if (!time.ok()) return time.status();
  base::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO,
                                &kSendTimeout, sizeof(kSendTimeout)) != 0) {
    return absl::ErrnoToStatus(errno, kSocket);
  }
  manager.impl_ = std::make_shared<const Impl>(*address, std::move(fd),
                                               std::move(on_error));
  manager.watchdog_time_ = *time;
  return manager;
}

void ServiceManager::Ready(std::string_view status) const {
  if (impl_ == nullptr) return;
  impl_->Send(absl::StrCat("READY=1\nSTATUS=",
                           absl::StrReplaceAll(status, {{"\n", " "}})));
}

void ServiceManager::Reloading() const {
  if (impl_ == nullptr) return;
  // The time, of CLOCK_MONOTONIC, sets this message apart from late ones.
  impl_->Send(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=",
                           absl::ToInt64Microseconds(base::EventLoop::Now())));
}

void ServiceManager::Reloaded() const {
  if (impl_ != nullptr) impl_->Send("READY=1");
}

void ServiceManager::Stopping() const {
  if (impl_ != nullptr) impl_->Send("STOPPING=1");
}

void ServiceManager::Ping() const {
  if (impl_ != nullptr) impl_->Send("WATCHDOG=1");
}

}  // namespace tallyman::server
