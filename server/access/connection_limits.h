// Counts open connections, in all and for each client address, and refuses
// those above the limits.
//
//   ConnectionLimits limits({.max_connections = 1000,
//                            .max_connections_per_address = 100});
//   ConnectionLimits::Admission admission = limits.Admit("192.0.2.7");
//   if (admission.verdict != ConnectionLimits::Verdict::kOk) { ... close ... }
//   // The connection keeps admission.ticket until it is closed.

#ifndef TALLYMAN_SERVER_ACCESS_CONNECTION_LIMITS_H_
#define TALLYMAN_SERVER_ACCESS_CONNECTION_LIMITS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/access/ip_prefix.h"

namespace tallyman::server {

// Thread-safe. Each call takes constant time. There is one entry for each
// address that has an open connection, so memory is bounded by the number of
// open connections. Must outlive its tickets.
//
// All IPv6 addresses of one /64 count as one address, because that is what one
// machine or household usually gets (RFC 6177; RFC 4291, 2.5.4).
class ConnectionLimits {
 public:
  struct Options {
    // 0 means unlimited.
    int64_t max_connections = 0;
    int64_t max_connections_per_address = 0;
    // Addresses without the limit per address, besides loopback: trusted
    // proxies, which connect for many clients.
    IpPrefixSet exempt;
  };

  enum class Verdict : uint8_t {
    kOk,
    kTooMany,           // max_connections
    kTooManyOfAddress,  // max_connections_per_address
  };

  // One counted connection. Movable; an empty or moved-from ticket counts
  // nothing. Not thread-safe.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept { *this = std::move(other); }
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(limits_, other.limits_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Ticket() { Release(); }

    // The connection is closed; also done by the destructor.
    void Release();

    bool valid() const { return limits_ != nullptr; }

   private:
    friend class ConnectionLimits;
    Ticket(ConnectionLimits* limits, std::optional<IpAddress> key)
        : limits_(limits), key_(key) {}

    ConnectionLimits* limits_ = nullptr;
    std::optional<IpAddress> key_;  // nullopt: exempt.
  };

  struct Admission {
    Verdict verdict;
    Ticket ticket;  // Valid if the verdict is kOk.
  };

  explicit ConnectionLimits(Options options);
  ConnectionLimits(const ConnectionLimits&) = delete;
  ConnectionLimits& operator=(const ConnectionLimits&) = delete;

  // Counts a connection of `peer`, the text of Peer::ToString()
  // (server/net/peer.h). Peers of Unix sockets have no limit per address; the
  // mode of the socket's file decides who they are. All peers without a known
  // address count as one.
  Admission Admit(std::string_view peer);

  // Open connections.
  int64_t total() const;
  // Addresses with an entry.
  int64_t addresses() const;

 private:
  // The address that `peer` counts for; nullopt: exempt.
  std::optional<IpAddress> KeyOf(std::string_view peer) const;
  void Remove(const std::optional<IpAddress>& key);

  const Options options_;
  mutable absl::Mutex mutex_;
  int64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<IpAddress, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ACCESS_CONNECTION_LIMITS_H_
