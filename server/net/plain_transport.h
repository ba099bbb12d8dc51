// A connection without encryption.
//
//   PlainTransport transport(std::move(socket));
//   transport.Write("HTTP/1.1 200 OK\r\n...", body);  // One sendmsg(2).

#ifndef TALLYMAN_SERVER_NET_PLAIN_TRANSPORT_H_
#define TALLYMAN_SERVER_NET_PLAIN_TRANSPORT_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"

namespace tallyman::server {

// Each call is one system call, repeated only on EINTR. See Transport for the
// contract. Not thread-safe.
class PlainTransport final : public Transport {
 public:
  // `socket` is a connected stream socket with O_NONBLOCK.
  explicit PlainTransport(base::UniqueFd socket);

  int fd() const override { return socket_.get(); }
  Result Handshake() override {
    return {failed_call_ == nullptr ? State::kOk : State::kError};
  }
  Result Read(absl::Span<char> to) override;
  Result Write(std::string_view head, std::string_view body) override;
  Result CloseWrite() override;
  bool is_encrypted() const override { return false; }

  // The failed system call and the text of its errno: "recv: Connection reset
  // by peer".
  std::string error() const override;

 private:
  Result Fail(const char* call, int error);

  const base::UniqueFd socket_;
  const char* failed_call_ = nullptr;  // A constant; null before kError.
  int error_ = 0;                      // The errno of `failed_call_`.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_PLAIN_TRANSPORT_H_
