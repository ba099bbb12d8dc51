// Uses a Transport as if it blocked, in tests and measurements.

#ifndef TALLYMAN_SERVER_NET_TESTING_TRANSPORT_IO_H_
#define TALLYMAN_SERVER_NET_TESTING_TRANSPORT_IO_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "platform/base/unique_fd.h"
#include "server/net/transport.h"

namespace tallyman::server {

// A connected pair of Unix stream sockets; only `server` has O_NONBLOCK. Dies
// (CHECK) if there is none.
struct SocketPair {
  base::UniqueFd server;
  base::UniqueFd client;
};
SocketPair MakeSocketPair();

// Waits until the socket of `transport` is ready for `state`, which is
// kWantRead or kWantWrite. An end or an error of the socket is ready for both.
void AwaitReady(const Transport& transport, Transport::State state);

// Completes the handshake: kOk or kError.
Transport::State HandshakeBlocking(Transport& transport);

struct ReadBytes {
  std::string bytes;
  // kOk: as many as were asked for. kEnd, kError: `bytes` came before.
  Transport::State state;
};

// Reads `size` bytes.
ReadBytes ReadBlocking(Transport& transport, size_t size);

// Reads until kEnd or kError.
ReadBytes ReadAllBlocking(Transport& transport);

// Writes all of `head` and `body`: kOk or kError.
Transport::State WriteBlocking(Transport& transport, std::string_view head,
                               std::string_view body);

// Completes CloseWrite(): kOk or kError.
Transport::State CloseWriteBlocking(Transport& transport);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_TESTING_TRANSPORT_IO_H_
