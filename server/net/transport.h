// The bytes of one connection, without blocking: plain or encrypted.
//
//   Transport::Result got = transport.Read(buffer);
//   if (got.state == Transport::State::kWantRead) { ... wait until it is
//   readable ... }

#ifndef TALLYMAN_SERVER_NET_TRANSPORT_H_
#define TALLYMAN_SERVER_NET_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::server {

// Owns a connected stream socket, which does not block (O_NONBLOCK). Not
// thread-safe.
//
// No function waits: one that cannot go on returns kWantRead or kWantWrite, the
// readiness of fd() to wait for, and is called again then. With TLS, reading
// may have to wait until the socket is writable, and the reverse.
//
// After kEnd the peer sends no more and may still read; further calls of Read()
// return kEnd. After kError the connection is of no use; further calls return
// kError. No function raises SIGPIPE.
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

  // Reads up to `to.size()` bytes, which is above 0. kOk: at least one; more
  // may be available, also where fd() does not show them as readable: read
  // until kWantRead before waiting for fd(). Only Read() returns kEnd.
  virtual Result Read(absl::Span<char> to) = 0;

  // Writes a prefix of `head` followed by `body`; not both are empty. kOk: at
  // least one byte. After kWantRead or kWantWrite the next call must have the
  // same bytes, or these and more; `head` may end at another place and both may
  // be elsewhere in memory. After kOk the next call has any bytes.
  virtual Result Write(std::string_view head, std::string_view body) = 0;

  // Tells the peer that no more bytes follow, after everything written. Reading
  // goes on, writing does not. kOk when that is done, and if it was done
  // before. Not while a Write() is to be repeated.
  virtual Result CloseWrite() = 0;

  virtual bool is_encrypted() const = 0;

  // Why a call returned kError, in one line, for a log; "" before. Has no bytes
  // of the peer's choice.
  virtual std::string error() const = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_TRANSPORT_H_
