#include "server/net/socket_activation.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/text.h"
#include "platform/base/unique_fd.h"
#include "server/net/listening_socket.h"

namespace tallyman::server {
namespace {

constexpr const char* kPid = "LISTEN_PID";
constexpr const char* kCount = "LISTEN_FDS";
constexpr const char* kNames = "LISTEN_FDNAMES";

// More would be a mistake.
constexpr int kMaxSockets = 1024;

// Returns the variable and unsets it.
std::optional<std::string> Take(const ActivationSource& source,
                                const char* name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): see ActivationSource.
  std::optional<std::string> value;
  if (source.get) {
    value = source.get(name);
  } else if (const char* const text = std::getenv(name); text != nullptr) {
    value = text;
  }
  if (source.unset) {
    source.unset(name);
  } else {
    unsetenv(name);
  }
  // NOLINTEND(concurrency-mt-unsafe)
  return value;
}

absl::Status VariableError(const char* name, std::string_view value,
                           std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, "=", base::Quote(value), " ", reason));
}

std::optional<bool> TlsOf(std::string_view name) {
  if (absl::StartsWith(name, "https")) return true;
  if (absl::StartsWith(name, "http")) return false;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<ListeningSocket>> TakeActivatedSockets(
    const ActivationSource& source) {
  const std::optional<std::string> pid_text = Take(source, kPid);
  const std::optional<std::string> count_text = Take(source, kCount);
  const std::optional<std::string> names_text = Take(source, kNames);
  std::vector<ListeningSocket> sockets;
  if (!pid_text.has_value() || !count_text.has_value()) return sockets;
  int64_t pid = 0;
  if (!absl::SimpleAtoi(*pid_text, &pid) || pid <= 0) {
    return VariableError(kPid, *pid_text, "is not a pid");
  }
  // The variables were meant for a parent of this process.
  if (pid != (source.pid != 0 ? source.pid : getpid())) return sockets;
  int count = 0;
  if (!absl::SimpleAtoi(*count_text, &count) || count < 0 ||
      count > kMaxSockets) {
    return VariableError(kCount, *count_text,
                         absl::StrCat("is not from 0 to ", kMaxSockets));
  }
  std::vector<std::string> names(static_cast<size_t>(count));
  if (names_text.has_value() && count > 0) {
    names = absl::StrSplit(*names_text, ':');
    if (names.size() != static_cast<size_t>(count)) {
      return VariableError(kNames, *names_text,
                           absl::StrCat("has ", names.size(), " names, and ",
                                        kCount, " is ", count));
    }
  }
  for (int i = 0; i < count; ++i) {
    const std::string& name = names[static_cast<size_t>(i)];
    const int fd = source.first_fd + i;
    absl::StatusOr<ListeningSocket> socket =
        ListeningSocket::Adopt(base::UniqueFd(fd), TlsOf(name));
    if (!socket.ok()) {
      return absl::Status(
          socket.status().code(),
          absl::StrCat(
              "cannot use descriptor ", fd, " (", base::Quote(name),
              ") of the service manager: ", socket.status().message()));
    }
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

}  // namespace tallyman::server
