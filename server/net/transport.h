// The bytes of one connection, without blocking: plain or encrypted.
//
//   Transport::Result got = transport.Read(buffer);
//   if (got.state == Transport::State::kWantRead) { ... wait for EPOLLIN ... }

#ifndef TALLYMAN_SERVER_NET_TRANSPORT_H_
#define TALLYMAN_SERVER_NET_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::server {

// Owns a connected stream socket, which does not block. Not thread-safe.
//
// No function waits: one that cannot go on says for which readiness of fd() to
// wait, and is called again then. With TLS, reading may have to wait until the
// socket is writable, and the reverse. After kEnd of Read() the peer sends no
// more and may still read. After kError the connection is of no use.
class Transport {
 public:
  enum class State : uint8_t { kOk, kWantRead, kWantWrite, kEnd, kError };

  struct Result {
    State state;
    size_t bytes = 0;  // Read or written; 0 unless `state` is kOk.
  };

  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual int fd() const = 0;

  // Goes on with the handshake; kOk when it is complete. Must be complete
  // before the first Read() or Write(). Without TLS, kOk at once.
  virtual Result Handshake() = 0;

  // Reads up to `to.size()` bytes, which is above 0. kOk: at least one.
  virtual Result Read(absl::Span<char> to) = 0;

  // Whether Read() has bytes that fd() does not show as readable.
  virtual bool HasBuffered() const = 0;

  // Writes a prefix of `head` followed by `body`; not both are empty. After
  // kWantRead or kWantWrite the next call must have the same bytes, or more.
  virtual Result Write(std::string_view head, std::string_view body) = 0;

  // Tells the peer that no more bytes follow, after everything written. Reading
  // goes on. kOk when that is done.
  virtual Result CloseWrite() = 0;

  virtual bool is_encrypted() const = 0;

  // Why the last call returned kError, in one line, for a log. Has no bytes of
  // the peer's choice.
  virtual std::string error() const = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_TRANSPORT_H_
