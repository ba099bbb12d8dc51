// An address to listen on, as the flag --listen has it.
//
//   absl::StatusOr<ListenAddress> address =
//       ParseListenAddress("https://[::1]:8443", /*default_port=*/8880);
//   // address->host == "::1", address->port == 8443, address->tls == true

#ifndef TALLYMAN_SERVER_NET_LISTEN_ADDRESS_H_
#define TALLYMAN_SERVER_NET_LISTEN_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::server {

// A value.
struct ListenAddress {
  enum class Kind : uint8_t { kTcp, kUnix };

  Kind kind = Kind::kTcp;
  std::string host;         // kTcp: a name or an address, without brackets.
  int port = 0;             // kTcp: 0 is any free port.
  std::string path;         // kUnix: of the socket's file.
  std::optional<bool> tls;  // nullopt: the text does not say.

  // For people and clients: "http://127.0.0.1:8880", "https://[::1]:8443";
  // "unix:/run/tallyman.sock", with TLS "https://unix:/run/tallyman.sock".
  std::string Url() const;

  // In the form of the flag: parsing it gives an equal address. "[::1]:8880",
  // "https://[::1]:8443", "http://unix:/run/tallyman.sock".
  std::string ToString() const;

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// The longest path of a Unix socket, in bytes: sun_path has 108 with the 0 at
// the end (unix(7)).
inline constexpr size_t kMaxUnixPathBytes = 107;

// Parses one item of the flag, in one of these forms, each with "http://" or
// "https://" before it or not:
//
//   HOST  HOST:PORT   a name or an IPv4 address
//   [V6]  [V6]:PORT   an IPv6 address, with a zone ("fe80::1%eth0") or not
//   V6                the same; "::1:80" is an address without a port
//   unix:PATH         a Unix socket; a relative path begins at the working
//                     directory of the process that opens it
//
// Abstract Unix sockets ("unix:@NAME") are refused: they have no permissions
// (unix(7)), so every local user could connect.
//
// An error (InvalidArgument) quotes the item and says what is wrong with it.
// That the host exists is not checked. `default_port` is from 0 to 65535.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view item,
                                                 int default_port);

// Whether a Unix socket can have this path: OK, or InvalidArgument with the
// reason, a fragment such as "the path is empty".
absl::Status CheckUnixPath(std::string_view path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_LISTEN_ADDRESS_H_
