#include "server/net/plain_transport.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

bool IsBlocked(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// sendmsg(2) does not change what `iov_base` points to.
iovec PartOf(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

}  // namespace

PlainTransport::PlainTransport(base::UniqueFd socket)
    : socket_(std::move(socket)) {}

Transport::Result PlainTransport::Read(absl::Span<char> to) {
  if (failed_call_ != nullptr) return {State::kError};
  ssize_t got = 0;
  do {
    got = recv(socket_.get(), to.data(), to.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) return {State::kOk, static_cast<size_t>(got)};
  if (got == 0) return {State::kEnd};
  if (IsBlocked(errno)) return {State::kWantRead};
  return Fail("recv", errno);
}

Transport::Result PlainTransport::Write(std::string_view head,
                                        std::string_view body) {
  if (failed_call_ != nullptr) return {State::kError};
  std::array<iovec, 2> parts = {PartOf(head), PartOf(body)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {State::kOk, static_cast<size_t>(sent)};
  if (IsBlocked(errno)) return {State::kWantWrite};
  return Fail("sendmsg", errno);
}

Transport::Result PlainTransport::CloseWrite() {
  if (failed_call_ != nullptr) return {State::kError};
  if (shutdown(socket_.get(), SHUT_WR) == 0) return {State::kOk};
  return Fail("shutdown", errno);
}

std::string PlainTransport::error() const {
  if (failed_call_ == nullptr) return "";
  return absl::StrCat(failed_call_, ": ",
                      std::generic_category().message(error_));
}

Transport::Result PlainTransport::Fail(const char* call, int error) {
  failed_call_ = call;
  error_ = error;
  return {State::kError};
}

}  // namespace tallyman::server
