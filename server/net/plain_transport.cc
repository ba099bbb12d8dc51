#include "server/net/plain_transport.h"

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/sockets.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

bool IsBlocked(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

PlainTransport::PlainTransport(base::UniqueFd socket)
    : socket_(std::move(socket)) {}

Transport::Result PlainTransport::Read(absl::Span<char> to) {
  if (failed_call_ != nullptr) return {State::kError};
  const sockets::Transferred got = sockets::Receive(socket_.get(), to);
  if (got.bytes > 0) return {State::kOk, got.bytes};
  if (got.error == 0) return {State::kEnd};
  if (IsBlocked(got.error)) return {State::kWantRead};
  return Fail("recv", got.error);
}

Transport::Result PlainTransport::Write(std::string_view head,
                                        std::string_view body) {
  if (failed_call_ != nullptr) return {State::kError};
  const sockets::Transferred sent = sockets::Send(socket_.get(), head, body);
  if (sent.error == 0) return {State::kOk, sent.bytes};
  if (IsBlocked(sent.error)) return {State::kWantWrite};
  return Fail("sendmsg", sent.error);
}

Transport::Result PlainTransport::CloseWrite() {
  if (failed_call_ != nullptr) return {State::kError};
  const int error = sockets::ShutdownWrite(socket_.get());
  if (error == 0) return {State::kOk};
  return Fail("shutdown", error);
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
