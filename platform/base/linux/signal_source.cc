#include "platform/base/signal_source.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/posix/signal_set.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
struct SignalSource::State {
  UniqueFd fd;
};

SignalSource::SignalSource(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
SignalSource::SignalSource(SignalSource&&) noexcept = default;
SignalSource& SignalSource::operator=(SignalSource&&) noexcept = default;
SignalSource::~SignalSource() = default;

absl::StatusOr<SignalSource> SignalSource::Create(
    absl::Span<const int> signals) {
  const sigset_t set = SignalSet(signals);
  UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "signalfd");
  return SignalSource(std::make_unique<State>(State{.fd = std::move(fd)}));
}

int SignalSource::fd() const { return state_->fd.get(); }

std::optional<int> SignalSource::Read() {
  signalfd_siginfo info;
  ssize_t got = 0;
  do {
    got = read(fd(), &info, sizeof(info));
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof(info))) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace tallyman::base
