#include "platform/base/windows/winsock.h"

#include <winsock2.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tallyman::base {
namespace {

constexpr std::array<std::pair<int, int>, 22> kErrors = {{
    {WSAEACCES, EACCES},
    {WSAEADDRINUSE, EADDRINUSE},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAEBADF, EBADF},
    {WSAECONNABORTED, ECONNABORTED},
    {WSAECONNREFUSED, ECONNREFUSED},
    {WSAECONNRESET, ECONNRESET},
    {WSAEFAULT, EFAULT},
    {WSAEHOSTUNREACH, EHOSTUNREACH},
    {WSAEINTR, EINTR},
    {WSAEINVAL, EINVAL},
    {WSAEMFILE, EMFILE},
    {WSAENETDOWN, ENETDOWN},
    {WSAENETRESET, ENETRESET},
    {WSAENETUNREACH, ENETUNREACH},
    {WSAENOBUFS, ENOBUFS},
    {WSAENOTCONN, ENOTCONN},
    {WSAENOTSOCK, ENOTSOCK},
    {WSAESHUTDOWN, EPIPE},
    {WSAETIMEDOUT, ETIMEDOUT},
    {WSAEWOULDBLOCK, EAGAIN},
}};

}  // namespace

absl::Status StartWinsock() {
  static const int error = [] {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data);
  }();
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("WSAStartup: error ", error, " of Windows"));
}

int ErrnoOfWinsock(int error) {
  for (const auto& [winsock, posix] : kErrors) {
    if (winsock == error) return posix;
  }
  return EIO;
}

absl::Status LastSocketError(std::string_view message) {
  return absl::ErrnoToStatus(ErrnoOfWinsock(WSAGetLastError()), message);
}

}  // namespace tallyman::base
