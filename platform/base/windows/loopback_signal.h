// A socket that other threads make readable: Windows waits for sockets only.

#ifndef TALLYMAN_PLATFORM_BASE_WINDOWS_LOOPBACK_SIGNAL_H_
#define TALLYMAN_PLATFORM_BASE_WINDOWS_LOOPBACK_SIGNAL_H_

#include <optional>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {

// A UDP socket of 127.0.0.1 that is connected to itself, so it takes datagrams
// of no other. Put() is thread-safe, the rest is not.
class LoopbackSignal {
 public:
  static absl::StatusOr<LoopbackSignal> Create();

  // Readable while it has a byte.
  int fd() const { return socket_.get(); }

  // Drops the byte if the socket is full: then it is readable already.
  void Put(unsigned char byte) const;

  std::optional<unsigned char> Take();

  // Takes all.
  void Drain() {
    while (Take()) {
    }
  }

 private:
  UniqueFd socket_;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_WINDOWS_LOOPBACK_SIGNAL_H_
